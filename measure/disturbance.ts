import { readFileSync } from "node:fs";
import { readThrottledMs } from "./cgroup.ts";
import type { Cores } from "./cores.ts";
import { type ThreadTimes, timesOfTree } from "./process-tree.ts";

/** Counters of the machine at one moment, in milliseconds since some start. */
export interface MachineReading {
  readonly atMs: number;
  /** CPU time that all used on the CPUs of `cores`; undefined where the system does not say. */
  readonly busyMs: number | undefined;
  /** Time that a virtual machine's host gave to others. */
  readonly stolenMs: number;
  readonly throttledMs: number;
  /** Of this process and all that it started; undefined where the system does not say. */
  readonly own: ThreadTimes | undefined;
}

/** What came between, per time that passed. */
export interface Disturbance {
  readonly passedMs: number;
  /** Cores that others kept busy; undefined where the system does not say. */
  readonly othersCores: number | undefined;
  readonly stolenCores: number;
  /** Cores that this process and what it started used. */
  readonly ownCores: number | undefined;
  /** Threads of these that could have run and waited for a core, on average. */
  readonly waiting: number;
  /** Part of the time, 0 to 1, that the cgroup's quota stopped us. */
  readonly throttled: number;
}

/** Others may use this part of the cores before it counts: some of the system's own work never ends. */
const maxOthersShare = 0.05;
/** CPU time of others that the counters may show though there was none, in milliseconds: they have steps. */
const stepsMs = 30;
/** Others slow us down by no more than our threads wait for a core. */
const maxWaiting = 0.05;
/** Where so much of the cores stayed idle, others and we had room beside each other. */
const minIdleShare = 0.5;
const maxStolenCores = 0.1;
const maxThrottled = 0.05;
/** Who uses so much of the quota is stopped by it, not by others in the cgroup. */
const usedUp = 0.8;
const maxSpeedChange = 0.25;

/** In which unit Linux counts for programs, in milliseconds. */
const tickMs = 10;

/**
 * Reads the counters; two readings make a {@link Disturbance}. Takes about 2 ms.
 *
 * @param root process whose use of the machine, with that of all it started, is no disturbance; default this one
 */
export function readMachine({ cpus }: Cores, root = process.pid): MachineReading {
  const times = cpuTimes(new Set(cpus));
  return {
    atMs: performance.now(),
    busyMs: times?.busyMs,
    stolenMs: times?.stolenMs ?? 0,
    throttledMs: readThrottledMs(),
    own: timesOfTree(root),
  };
}

export function disturbanceBetween(from: MachineReading, to: MachineReading): Disturbance {
  const passedMs = Math.max(1, to.atMs - from.atMs);
  const difference = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : Math.max(0, b - a);
  const busyMs = difference(from.busyMs, to.busyMs);
  const ownMs = difference(from.own?.cpuMs, to.own?.cpuMs);
  return {
    passedMs,
    othersCores:
      busyMs === undefined || ownMs === undefined
        ? undefined
        : Math.max(0, busyMs - ownMs) / passedMs,
    stolenCores: (to.stolenMs - from.stolenMs) / passedMs,
    ownCores: ownMs === undefined ? undefined : ownMs / passedMs,
    waiting: (difference(from.own?.waitedMs, to.own?.waitedMs) ?? 0) / passedMs,
    throttled: (to.throttledMs - from.throttledMs) / passedMs,
  };
}

/**
 * Why a measurement says little about what was measured, in words.
 *
 * @param speedsMs a fixed piece of work before and after, in milliseconds
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

/** How much others use the machine, in words; undefined when it is too little to matter. */
export function whyBusy(
  { passedMs, othersCores = 0 }: Disturbance,
  { cpus }: Cores,
): string | undefined {
  return othersCores > maxOthersShare * cpus.length + stepsMs / passedMs
    ? `others used ${othersCores.toFixed(1)} of ${cpus.length} core${cpus.length === 1 ? "" : "s"} meanwhile`
    : undefined;
}

/** @see https://man7.org/linux/man-pages/man5/proc_stat.5.html */
function cpuTimes(
  cpus: ReadonlySet<number>,
): { readonly busyMs: number; readonly stolenMs: number } | undefined {
  let text: string;
  try {
    text = readFileSync("/proc/stat", "utf8");
  } catch {
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
