import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "../../../registry/exercises.ts";
import { round } from "../report.ts";
import type { Session } from "../session.ts";

/** How often one call's work is measured. */
const runs = 3;

/** What one call's work takes when it is done right and nothing else goes on. */
export interface AloneReading {
  /** Each run, in milliseconds. */
  readonly runsMs: readonly number[];
  /**
   * Each time that as many calls' work as there are cores was done at once, in milliseconds: two cores
   * may be halves of one, and then each is slower beside the other. Empty for exercises that don't compute.
   */
  readonly atOnceMs: readonly number[];
  /** What the work answered, by the request's JSON. */
  readonly answers: ReadonlyMap<string, JsonValue>;
  /** How many rounds of hashing cost about 100 ms here; 0 for exercises that don't hash. */
  readonly rounds: number;
}

/**
 * Measures it in the learner's own service, just before the learner's handler is measured.
 *
 * @param request the n-th of the requests that the handler will get, from 1; `rounds` of hashing take 100 ms
 */
export async function measureAlone(
  { exercise, service }: Session,
  request: (n: number, rounds: number) => JsonValue,
  cores: number,
): Promise<AloneReading> {
  // Threads make their connections on first use, and how much to hash is known only then.
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
  const atOnceMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    runsMs.push(await once());
    if (exercise.work.cpu) {
      atOnceMs.push(Math.max(...(await Promise.all(Array.from({ length: cores }, once)))));
    }
  }
  return { runsMs, atOnceMs, answers, rounds };
}

/** The work of one call, as fast as this machine does it, in milliseconds. */
export function fastestMs({ runsMs }: AloneReading): number {
  return Math.min(...runsMs);
}

/** For people: what one call's work takes here. */
export function describeAlone(alone: AloneReading): string {
  const ms = `${round(fastestMs(alone))} ms alone`;
  const { atOnceMs } = alone;
  return atOnceMs.length === 0
    ? ms
    : `${ms}, and ${round(Math.min(...atOnceMs))} ms when each core has one`;
}

/** What of it is computing, in milliseconds. */
export function taskMs({ work }: Exercise, alone: AloneReading): number {
  return work.cpu ? Math.max(0, fastestMs(alone) - work.waitMs) : 0;
}

/** What a round of computing takes when every core has a call's work, in milliseconds. */
function roundMs(exercise: Exercise, alone: AloneReading): number {
  const { atOnceMs } = alone;
  return atOnceMs.length === 0 ? 0 : Math.max(0, Math.min(...atOnceMs) - exercise.work.waitMs);
}

/** The specification's bands are for a machine that does nothing else; this is more patient. */
const slack = 1.25;
/** What callers, wire and timers may add, whatever the work takes, in milliseconds. */
const marginMs = 20;

/**
 * The wall time that a burst may take here, in milliseconds: so many times what one call takes alone, as
 * the specification gives it, plus the rounds that computing takes on this machine's cores.
 */
export function allowedMs(exercise: Exercise, cores: number, alone: AloneReading): number {
  const { burst, work } = exercise;
  const { band } = burst;
  if (!("timesLimit" in band)) {
    // Nobody waits for what comes after the reply.
    const leastMs = work.afterReply ? band.toMs : (band.toMs / work.waitMs) * fastestMs(alone);
    return leastMs * slack + marginMs;
  }
  const rounds = Math.ceil(burst.calls / cores);
  const leastMs = work.waitMs + rounds * roundMs(exercise, alone);
  return band.timesLimit * leastMs * slack + marginMs;
}
