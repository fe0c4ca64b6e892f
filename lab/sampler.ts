import { setTimeout } from "node:timers/promises";
import type { Burst } from "../loadtest/burst.ts";
import { restMs } from "../loadtest/burst-client.ts";
import type { Cores } from "../measure/cores.ts";
import {
  disturbanceBetween,
  type MachineReading,
  readMachine,
  whyBusy,
  whyDisturbed,
} from "../measure/disturbance.ts";
import { timeFixedWork } from "../measure/speed.ts";
import { expectedOf } from "./expected.ts";
import type { Sample, Subject } from "./measurement.ts";
import type { Rig } from "./rig.ts";
import { warmUp } from "./warm-up.ts";

/** Bursts that are shorter are fired several times, until they took so long: the system's clocks see no less. */
const leastMs = 200;
const mostBursts = 8;
/** How long the machine is watched for whether others use it. */
const watchMs = 100;

/** Fires bursts of subjects at a rig, and sees what disturbed them. */
export class Sampler {
  readonly #cores: Cores;
  readonly #signal: AbortSignal;
  readonly #warm = new Set<string>();

  /** @param signal its abort ends whatever is in progress, which then rejects with the reason */
  constructor(cores: Cores, signal: AbortSignal) {
    this.#cores = cores;
    this.#signal = signal;
  }

  /** Takes one sample. */
  async take(rig: Rig, subject: Subject, round: number, calls?: number): Promise<Sample> {
    const { exercise, strategy } = subject;
    await this.#warmUp(rig, subject);
    const fired = {
      ...exercise,
      burst: { ...exercise.burst, calls: calls ?? exercise.burst.calls },
    };
    const bursts: Burst[] = [];
    await rig.vitals();
    const ownCpuMs = cpuOfThisProcess();
    const speedBefore = timeFixedWork();
    const before = readMachine(this.#cores);
    let passedMs = 0;
    do {
      await setTimeout(restMs, undefined, { signal: this.#signal });
      const burst = rig.bursts.fire(fired, strategy.name, fired.burst.calls);
      bursts.push(await this.#untilAborted(burst));
      passedMs = performance.now() - before.atMs;
    } while (passedMs < leastMs && bursts.length < mostBursts);
    const after = readMachine(this.#cores);
    const speedAfter = timeFixedWork();
    const labCpuMs = cpuOfThisProcess() - ownCpuMs;
    const { eventLoop } = await rig.vitals();
    const median = bursts.toSorted((a, b) => a.wallMs - b.wallMs)[(bursts.length - 1) >> 1];
    if (median === undefined) {
      throw new Error("Expected a burst to have been fired");
    }
    return {
      round,
      wallMs: median.wallMs,
      ...expectedOf(fired, median.calls, this.#cores),
      burst: median.calls,
      calls: bursts.flatMap((burst) => burst.calls),
      probeMs: bursts.flatMap(({ bystanderMs }) => bystanderMs),
      loopDelayMaxMs: eventLoop?.delayMaxMs ?? 0,
      speedMs: (speedBefore + speedAfter) / 2,
      serverCpuMs: serverCpu(before, after, labCpuMs),
      disturbedBy: whyDisturbed(disturbanceBetween(before, after), this.#cores, [
        speedBefore,
        speedAfter,
      ]),
    };
  }

  /**
   * Waits until others leave the machine alone.
   *
   * @returns whether they do
   */
  async becomeCalm(maxMs: number, onWait: (why: string) => void): Promise<boolean> {
    const until = performance.now() + maxMs;
    for (;;) {
      const before = readMachine(this.#cores);
      await setTimeout(watchMs, undefined, { signal: this.#signal });
      const between = disturbanceBetween(before, readMachine(this.#cores));
      const why = whyBusy(between, this.#cores);
      if (why === undefined) {
        return true;
      }
      if (performance.now() >= until) {
        return false;
      }
      onWait(why);
    }
  }

  async #warmUp(rig: Rig, { exercise, strategy, cpuWorkers }: Subject): Promise<void> {
    const key = `${exercise.letter} ${strategy.name} ${cpuWorkers}`;
    if (this.#warm.has(key)) {
      return;
    }
    this.#warm.add(key);
    await this.#untilAborted(warmUp(rig.bursts, exercise, strategy));
  }

  async #untilAborted<Value>(promise: Promise<Value>): Promise<Value> {
    const signal = this.#signal;
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}

function serverCpu(
  before: MachineReading,
  after: MachineReading,
  labCpuMs: number,
): number | undefined {
  return before.own === undefined || after.own === undefined
    ? undefined
    : Math.max(0, after.own.cpuMs - before.own.cpuMs - labCpuMs);
}

function cpuOfThisProcess(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
