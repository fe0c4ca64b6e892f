import { availableParallelism, type CpuInfo, cpus } from "node:os";
import { setTimeout } from "node:timers/promises";

/** What measurements depend on. */
export interface Machine {
  readonly cores: number;
  readonly node: string;
}

/** Duration of one sample. */
const sampleMs = 400;
const maxSamples = 12;
/** Cores that others may keep busy while a measurement runs. */
export const maxBusyCores = 0.5;

export function describeMachine(): Machine {
  return { cores: availableParallelism(), node: process.version };
}

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
    const busyCores = await measureBusyCores();
    if (busyCores <= maxBusyCores) {
      return undefined;
    }
    if (sample === maxSamples) {
      return busyCores;
    }
    onWait(busyCores);
  }
}

/** CPU time used on all cores since the machine's start, in milliseconds. */
export function readBusyMs(cores: readonly CpuInfo[] = cpus()): number {
  return cores.reduce(
    (sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq,
    0,
  );
}

async function measureBusyCores(): Promise<number> {
  const before = readTotals();
  await setTimeout(sampleMs);
  const after = readTotals();
  return ((after.busyMs - before.busyMs) / (after.allMs - before.allMs)) * cpus().length;
}

function readTotals(): { readonly busyMs: number; readonly allMs: number } {
  const cores = cpus();
  const busyMs = readBusyMs(cores);
  return { busyMs, allMs: cores.reduce((sum, { times }) => sum + times.idle, busyMs) };
}
