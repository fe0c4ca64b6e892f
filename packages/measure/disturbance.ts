import { cpus } from "node:os";
import { setTimeout } from "node:timers/promises";
import { readThrottledMs } from "./cgroup.ts";
import type { Cores } from "./cores.ts";
import { readText, timesOfTree } from "./proc.ts";

/** Counters of the machine at one moment, in milliseconds since some start. */
export type MachineReading = ReturnType<typeof readMachine>;

/** Rates between two readings. */
export type Disturbance = ReturnType<typeof disturbanceBetween>;

/** Share of the cores that others may use: some of the system's own work never ends. */
const maxOthersShare = 0.05;
/** Error of the counters, in milliseconds: they count in steps of 10 ms. */
const stepsMs = 30;
/** Others slow us down only as far as our threads wait for a core. */
const maxWaiting = 0.05;
/** Share of idle cores above which there was room for others and for us. */
const minIdleShare = 0.5;
const maxStolenCores = 0.1;
const maxThrottled = 0.05;
/** Share of the quota above which we used it up ourselves, not others in the cgroup. */
const usedUp = 0.8;
const maxSpeedChange = 0.25;

/** Unit of /proc/stat, in milliseconds. */
const tickMs = 10;

/**
 * Reads the counters; two readings make a {@link Disturbance}. Takes about 2 ms.
 *
 * @param root process whose own use and that of its descendants is no disturbance; by default this process
 */
export function readMachine({ cpus }: Cores, root = process.pid) {
  const times = cpuTimes(new Set(cpus));
  return {
    atMs: performance.now(),
    /** CPU time used by all processes on the CPUs of `cores`; undefined where the system does not say. */
    busyMs: times?.busyMs,
    /** CPU time that a virtual machine's host gave to other guests. */
    stolenMs: times?.stolenMs ?? 0,
    throttledMs: readThrottledMs(),
    /** Times of the root process and its descendants; undefined where the system does not say. */
    own: timesOfTree(root),
  };
}

/**
 * Watches the machine from now on, until the returned function is called.
 *
 * @param root see {@link readMachine}
 */
export function watchMachine(cores: Cores, root = process.pid) {
  const speedBefore = timeFixedWork();
  const before = readMachine(cores, root);
  const cpuBefore = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpuBefore);
    const after = readMachine(cores, root);
    const speedAfter = timeFixedWork();
    const ownCpuMs = difference(before.own?.cpuMs, after.own?.cpuMs);
    return {
      /** The machine's speed: the duration of a fixed amount of work just before and after. */
      speedMs: (speedBefore + speedAfter) / 2,
      /** CPU time of the root's processes but this one; undefined where the system does not say. */
      childrenCpuMs:
        ownCpuMs === undefined ? undefined : Math.max(0, ownCpuMs - (user + system) / 1_000),
      disturbedBy: whyDisturbed(disturbanceBetween(before, after), cores, [
        speedBefore,
        speedAfter,
      ]),
    };
  };
}

export function disturbanceBetween(from: MachineReading, to: MachineReading) {
  const passedMs = Math.max(1, to.atMs - from.atMs);
  const busyMs = difference(from.busyMs, to.busyMs);
  const ownMs = difference(from.own?.cpuMs, to.own?.cpuMs);
  return {
    passedMs,
    /** Cores that other processes kept busy; undefined where the system does not say. */
    othersCores:
      busyMs === undefined || ownMs === undefined
        ? undefined
        : Math.max(0, busyMs - ownMs) / passedMs,
    stolenCores: (to.stolenMs - from.stolenMs) / passedMs,
    /** Cores that the root process and its descendants used. */
    ownCores: ownMs === undefined ? undefined : ownMs / passedMs,
    /** Average count of their threads that waited for a core. */
    waiting: (difference(from.own?.waitedMs, to.own?.waitedMs) ?? 0) / passedMs,
    /** Share of the time, 0 to 1, in which the cgroup's quota stopped them. */
    throttled: (to.throttledMs - from.throttledMs) / passedMs,
  };
}

function difference(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.max(0, to - from);
}

/**
 * Explains what disturbed a measurement.
 *
 * @param speedsMs results of `timeFixedWork()` before and after
 * @returns undefined when nothing disturbed it
 */
export function whyDisturbed(
  disturbance: Disturbance,
  cores: Cores,
  [before, after]: readonly [number, number],
): string | undefined {
  const { stolenCores, othersCores = 0, ownCores = 0, waiting, throttled } = disturbance;
  const others = whyBusy(disturbance, cores);
  const idleShare = 1 - (ownCores + othersCores) / cores.cpus.length;
  if (others !== undefined && waiting > maxWaiting && idleShare < minIdleShare) {
    return others;
  }
  if (stolenCores > maxStolenCores) {
    return `the host of this virtual machine gave ${stolenCores.toFixed(1)} cores to others meanwhile`;
  }
  if (throttled > maxThrottled && ownCores < usedUp * cores.usable) {
    return `the cgroup's quota stopped it for ${(100 * throttled).toFixed(0)} % of the time`;
  }
  const change = Math.max(before, after) / Math.min(before, after) - 1;
  return change > maxSpeedChange
    ? `the machine's speed changed by ${(100 * change).toFixed(0)} % meanwhile`
    : undefined;
}

/** Says how many cores others use; undefined if too few to matter. */
export function whyBusy(
  { passedMs, othersCores = 0 }: Disturbance,
  { cpus }: Cores,
): string | undefined {
  return othersCores > maxOthersShare * cpus.length + stepsMs / passedMs
    ? `others used ${othersCores.toFixed(1)} of ${cpus.length} core${cpus.length === 1 ? "" : "s"} meanwhile`
    : undefined;
}

/** @see https://man7.org/linux/man-pages/man5/proc_stat.5.html */
function cpuTimes(cpus: ReadonlySet<number>) {
  const text = readText("/proc/stat");
  if (text === "") {
    return undefined;
  }
  let busyMs = 0;
  let stolenMs = 0;
  for (const [, cpu, counts = ""] of text.matchAll(/^cpu(\d+) (.*)$/gm)) {
    if (cpus.has(Number(cpu))) {
      const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = counts
        .split(" ")
        .map(Number);
      busyMs += (user + nice + system + irq + softirq) * tickMs;
      stolenMs += stolen * tickMs;
    }
  }
  return { busyMs, stolenMs };
}

/** Duration of one sample of whether the machine is quiet. */
const quietSampleMs = 400;
const maxQuietSamples = 12;
/** Cores that others may keep busy while a measurement runs. */
export const maxBusyCores = 0.5;

/**
 * Waits until the machine is quiet enough to measure on, for about 5 seconds at most.
 *
 * @param onWait called with the count of busy cores after each sample that is not quiet
 * @returns the count of cores that others keep busy; undefined once the machine is quiet
 */
export async function waitForQuiet(
  onWait: (busyCores: number) => void,
): Promise<number | undefined> {
  for (let sample = 1; ; sample++) {
    const busyBeforeMs = readBusyMs();
    const beganMs = performance.now();
    await setTimeout(quietSampleMs);
    const busyCores = (readBusyMs() - busyBeforeMs) / (performance.now() - beganMs);
    if (busyCores <= maxBusyCores) {
      return undefined;
    }
    if (sample === maxQuietSamples) {
      return busyCores;
    }
    onWait(busyCores);
  }
}

/** CPU time used on all cores since the machine's start, in milliseconds. */
export function readBusyMs(): number {
  return cpus().reduce(
    (sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq,
    0,
  );
}

/** Runs of the fixed work, and steps of each. */
const workRuns = 3;
const workSteps = 700_000;

/**
 * Measures the machine's speed by a fixed piece of computing of about 1 ms on the calling thread. Results can
 * be compared if nothing else of this process runs meanwhile.
 *
 * @returns the fastest of three runs, in milliseconds
 */
export function timeFixedWork(): number {
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < workRuns; run++) {
    const beganMs = performance.now();
    mix();
    fastestMs = Math.min(fastestMs, performance.now() - beganMs);
  }
  return fastestMs;
}

let state = 1;

/** Marsaglia's xorshift. Its state is kept so that the computing cannot be optimised away. */
function mix(): void {
  let x = state;
  for (let step = 0; step < workSteps; step++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  state = x;
}
