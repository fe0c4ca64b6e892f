import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "@unblock/proto/exercises";
import { round } from "../result.ts";
import type { Session } from "../session.ts";

/** Times that one call's work is measured. */
const runs = 3;
/** The specification's ranges are for an idle machine; the check allows more. */
const slack = 1.25;
/** Allowance for clients, wire and timers. */
const marginMs = 20;

/** Duration of one call's work when it is done right and nothing else runs. */
export interface AloneReading {
  readonly runsMs: readonly number[];
  /** CPU time of one call's work, which the load by others does not change. */
  readonly cpuMs: number;
  /**
   * Duration when each core has one call's work: two hyperthreads of one core slow each other down. Empty
   * for exercises that do not compute.
   */
  readonly atOnceMs: readonly number[];
  /** Responses by the JSON of their requests. */
  readonly answers: ReadonlyMap<string, JsonValue>;
  /** Rounds of hashing that cost about 100 ms here; 0 for exercises that do not hash. */
  readonly rounds: number;
}

/**
 * Measures it in the learner's own service, just before the learner's handler is measured.
 *
 * @param request the nth request that the handler will get, from 1; `rounds` of hashing take 100 ms
 */
export async function measureAlone(
  { exercise, service, tree }: Session,
  request: (n: number, rounds: number) => JsonValue,
  cores: number,
): Promise<AloneReading> {
  // Threads connect on first use, and the rounds are known only then.
  const { facts } = await service.alone(request(0, 0));
  const rounds = Number(facts["unblock-rounds"] ?? 0);
  const answers = new Map<string, JsonValue>();
  let n = 0;
  const once = async () => {
    const asked = request(++n, rounds);
    const { ms, response } = await service.alone(asked);
    answers.set(JSON.stringify(asked), response);
    return ms;
  };
  const runsMs: number[] = [];
  const cpuMs: number[] = [];
  const atOnceMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const end = tree.begin();
    const ms = await once();
    runsMs.push(ms);
    cpuMs.push(end()?.threadsCpuMs ?? ms - exercise.work.waitMs);
    if (exercise.work.cpu) {
      atOnceMs.push(Math.max(...(await Promise.all(Array.from({ length: cores }, once)))));
    }
  }
  return { runsMs, cpuMs: Math.max(0, Math.min(...cpuMs)), atOnceMs, answers, rounds };
}

/** Duration of one call's work, at this machine's best. */
export function fastestMs({ runsMs }: AloneReading): number {
  return Math.min(...runsMs);
}

/** Duration of the part of it that computes. */
export function computingMs({ work }: Exercise, alone: AloneReading): number {
  return work.cpu ? Math.max(0, fastestMs(alone) - work.waitMs) : 0;
}

/** CPU time of that part. */
export function taskMs({ work }: Exercise, { cpuMs }: AloneReading): number {
  return work.cpu ? cpuMs : 0;
}

/** Describes for people how long one call's work takes here. */
export function describeAlone(alone: AloneReading): string {
  const ms = `${round(fastestMs(alone))} ms alone`;
  const { atOnceMs } = alone;
  return atOnceMs.length === 0
    ? ms
    : `${ms}, and ${round(Math.min(...atOnceMs))} ms when each core has one`;
}

/**
 * Wall time that a burst may take here: as many times one call's work as the specification gives it, plus
 * the rounds of computing that this machine's cores need.
 */
export function allowedMs(exercise: Exercise, cores: number, alone: AloneReading): number {
  const { burst, work } = exercise;
  const { expected } = burst;
  if (!("timesIdeal" in expected)) {
    // Nobody waits for work after the reply.
    const ms = work.afterResponse
      ? expected.toMs
      : (expected.toMs / work.waitMs) * fastestMs(alone);
    return ms * slack + marginMs;
  }
  const rounds = Math.ceil(burst.calls / cores);
  const { atOnceMs } = alone;
  const roundMs = atOnceMs.length === 0 ? 0 : Math.max(0, Math.min(...atOnceMs) - work.waitMs);
  return expected.timesIdeal * (work.waitMs + rounds * roundMs) * slack + marginMs;
}
