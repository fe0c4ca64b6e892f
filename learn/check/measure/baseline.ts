/** What is measured before the bursts: the service without calls, and one call's work alone. */
import { setTimeout } from "node:timers/promises";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import type { Exercise } from "@unblock/proto/exercises";
import type { Observation } from "../../service/observation.ts";
import { round } from "../result.ts";
import type { Session } from "../session.ts";
import type { TreeUse } from "./system.ts";

/** A span of time without calls. */
export interface IdleReading {
  readonly ms: number;
  /** CPU time of the event loop's thread. */
  readonly loopCpuMs: number;
  /** Undefined where the operating system does not say. */
  readonly tree: TreeUse | undefined;
  readonly observed: Observation;
}

const idleMs = 250;
/** Pauses at most, while something works in them. */
const maxPauses = 4;
/** A loop without calls may use this CPU time, or be busy for this share of the time. */
const maxIdleBusyMs = 30;
const maxIdleShare = 0.35;
/** A loop that has nothing to do seldom wants a core, so it waits for one for less than this share of the time. */
const maxStarvedShare = 0.5;

/**
 * Measures the service without calls: what it does then is due to no call. What it does in the first
 * moments may be due to threads that are still loading.
 */
export async function measureIdle(session: Session): Promise<IdleReading> {
  let reading = await measurePause(session);
  const isDoubtful = () => keptBusy(reading) !== undefined || wasStarved(reading);
  for (let pause = 1; pause < maxPauses && isDoubtful(); pause++) {
    reading = await measurePause(session);
  }
  return reading;
}

/** Whether a loop that is always busy may look idle, because others left it no core. */
export function wasStarved({ ms, tree }: IdleReading): boolean {
  return (tree?.loopStarvedMs ?? 0) > ms * maxStarvedShare;
}

async function measurePause({ service, tree }: Session): Promise<IdleReading> {
  await service.begin();
  const end = tree.begin();
  const beganMs = performance.now();
  await setTimeout(idleMs);
  const ms = performance.now() - beganMs;
  const used = end();
  const observed = await service.observe();
  return { ms, loopCpuMs: used?.loopCpuMs ?? observed.loopCpuMs, tree: used, observed };
}

/** Diagnoses an event loop, or threads or processes beside it, that work without calls. */
export function keptBusy(idle: IdleReading): Diagnosis | undefined {
  const ms = round(idle.ms);
  const stoodMs = idle.observed.blockages.reduce((sum, one) => sum + one.ms - one.starvedMs, 0);
  const busyMs = Math.max(idle.loopCpuMs, stoodMs);
  // Without a core it could neither work nor idle.
  const couldMs = idle.ms - (idle.tree?.loopStarvedMs ?? 0);
  if (busyMs > Math.max(maxIdleBusyMs, couldMs * maxIdleShare)) {
    const cpuMs = round(idle.loopCpuMs);
    const percent = Math.round((100 * busyMs) / idle.ms);
    return {
      name: "loop-kept-busy",
      finding: `Without any call for ${ms} ms, the event loop was busy for ${percent} % of it (${cpuMs} ms of CPU): each call waits for what runs there all the time.`,
      nextStep:
        "Look for a timer, setImmediate or loop that repeats by itself; end it, or wait for an event instead of polling.",
      numbers: { idle_ms: ms, loop_cpu_ms: cpuMs, stood_ms: round(stoodMs) },
    };
  }
  const besideMs = idle.tree === undefined ? 0 : idle.tree.threadsCpuMs + idle.tree.childrenCpuMs;
  if (besideMs <= idle.ms * maxIdleShare) {
    return undefined;
  }
  return {
    name: "loop-kept-busy",
    finding: `Without any call for ${ms} ms, threads or processes of your own used ${round(besideMs)} ms of CPU: they take cores from the calls, and from everybody on this machine.`,
    nextStep:
      "Look for a loop that asks again and again whether there is work; wait for a message, or in Atomics.wait.",
    numbers: { idle_ms: ms, threads_cpu_ms: round(besideMs) },
  };
}

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
