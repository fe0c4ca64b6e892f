import { addAbortListener } from "node:events";
import { availableParallelism } from "node:os";
import { setTimeout } from "node:timers/promises";
import { type Burst, type BurstClient, type CallRecord, cooldownMs } from "@unblock/loadtest/burst";
import { type Cores, idealOf } from "@unblock/measure/cores";
import {
  disturbanceBetween,
  readMachine,
  watchMachine,
  whyBusy,
} from "@unblock/measure/disturbance";
import type { Exercise } from "@unblock/proto/exercises";
import { type Strategy, Suitability } from "@unblock/proto/gen/exercise";
import { largeBurstFactor } from "./costs.ts";
import type { Sample, Subject } from "./judge.ts";
import type { Rig } from "./rig.ts";

/** Short bursts repeat until they took this long together: the system's CPU clocks resolve no less. */
const minMs = 200;
const maxBursts = 12;
/** Wall time below which a burst depends on the CPU time of each call, so on how well its code is compiled. */
const cpuBoundMs = 40;
/** Time in which V8 compiles for good what thousands of calls run. */
const compilingMs = 1_200;
/** Duration of one check whether other programs use the machine. */
const watchMs = 100;

/** Fires bursts of subjects at a rig, and measures what disturbed them. */
export class Sampler {
  readonly #cores: Cores;
  readonly #signal: AbortSignal;
  readonly #warm = new Set<string>();

  /** @param signal aborts what is in progress, which then rejects with the reason */
  constructor(cores: Cores, signal: AbortSignal) {
    this.#cores = cores;
    this.#signal = signal;
  }

  async take(rig: Rig, subject: Subject, round: number, calls?: number): Promise<Sample> {
    const { exercise, strategy } = subject;
    await this.#warmUp(rig, subject);
    const fired = calls === undefined ? exercise : withCalls(exercise, calls);
    const bursts: Burst[] = [];
    await rig.loopDelayMaxMs();
    const unwatch = watchMachine(this.#cores);
    let tookMs = 0;
    do {
      await setTimeout(cooldownMs, undefined, { signal: this.#signal });
      const burst = await this.#untilAborted(
        rig.bursts.fire(fired, strategy.name, fired.burst.calls),
      );
      bursts.push(burst);
      tookMs += burst.wallMs;
    } while (tookMs < minMs && bursts.length < maxBursts);
    const { speedMs, childrenCpuMs, disturbedBy } = unwatch();
    const median = bursts.toSorted((a, b) => a.wallMs - b.wallMs)[(bursts.length - 1) >> 1];
    if (median === undefined) {
      throw new Error("Expected a burst to have been fired");
    }
    return {
      ...{ round, speedMs, disturbedBy, serverCpuMs: childrenCpuMs },
      wallMs: median.wallMs,
      ...expectedOf(fired, median.calls, this.#cores),
      burst: median.calls,
      calls: bursts.flatMap((burst) => burst.calls),
      probeMs: bursts.flatMap(({ probeMs }) => probeMs),
      loopDelayMaxMs: await rig.loopDelayMaxMs(),
    };
  }

  /** Waits until other programs leave the machine alone. @returns false after `maxMs` */
  async becomeCalm(maxMs: number, onWait: (why: string) => void): Promise<boolean> {
    const until = performance.now() + maxMs;
    for (;;) {
      const before = readMachine(this.#cores);
      await setTimeout(watchMs, undefined, { signal: this.#signal });
      const between = disturbanceBetween(before, readMachine(this.#cores));
      const why = whyBusy(between, this.#cores);
      if (why === undefined || performance.now() >= until) {
        return why === undefined;
      }
      onWait(why);
    }
  }

  async #warmUp(rig: Rig, { exercise, strategy, cpuWorkers }: Subject): Promise<void> {
    const key = `${exercise.letter} ${strategy.name} ${cpuWorkers}`;
    if (!this.#warm.has(key)) {
      this.#warm.add(key);
      await this.#untilAborted(warmUp(rig.bursts, exercise, strategy));
    }
  }

  async #untilAborted<Value>(promise: Promise<Value>): Promise<Value> {
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    using _listener = addAbortListener(this.#signal, () => reject(this.#signal.reason));
    return await Promise.race([promise, aborted]);
  }
}

/** Returns the exercise with a burst of another size, on which ideal, expected range and summary depend. */
export function withCalls(exercise: Exercise, calls: number): Exercise {
  return { ...exercise, burst: { ...exercise.burst, calls } };
}

/** Computes the ideal and the expected wall time of a burst from the CPU time that its tasks used. */
export function expectedOf(
  { burst: { expected }, work }: Exercise,
  calls: readonly CallRecord[],
  cores: Cores,
): Pick<Sample, "idealMs" | "expectedMs"> {
  const taskCpuMs = work.cpu ? calls.flatMap(({ cpuMs }) => cpuMs ?? []) : [];
  const idealMs = idealOf({ waitMs: work.afterResponse ? 0 : work.waitMs, taskCpuMs }, cores);
  return "timesIdeal" in expected
    ? { idealMs, expectedMs: [idealMs, expected.timesIdeal * idealMs] }
    : { idealMs, expectedMs: [expected.fromMs, expected.toMs] };
}

/**
 * Fires bursts that are not measured, since uncompiled code takes several times as long. One call is enough
 * for strategies that freeze, and for work after the response, which would pile up.
 */
export async function warmUp(
  bursts: BurstClient,
  exercise: Exercise,
  { name, suitability }: Strategy,
): Promise<void> {
  const { burst, work } = exercise;
  if (suitability >= Suitability.SLOW || work.afterResponse) {
    await bursts.fire(exercise, name, 1);
    return;
  }
  const calls = work.cpu ? availableParallelism() : burst.calls;
  const { wallMs } = await bursts.fire(exercise, name, calls);
  if (wallMs < cpuBoundMs) {
    const untilMs = performance.now() + compilingMs;
    while (performance.now() < untilMs) {
      await bursts.fire(exercise, name, largeBurstFactor * calls);
    }
  }
}
