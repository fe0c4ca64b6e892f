import { availableParallelism, type CpuInfo, cpus } from "node:os";
import { setTimeout } from "node:timers/promises";

/** What figures depend on. */
export interface Machine {
  readonly cores: number;
  readonly node: string;
}

/** How long each look at the machine takes, in milliseconds. */
const lookMs = 400;
/** How many looks before giving up. */
const looks = 12;
/** Others may use this many cores; more, and figures would be about them. */
export const mostBusyCores = 0.5;

export function describeMachine(): Machine {
  return { cores: availableParallelism(), node: process.version };
}

/**
 * Waits until the machine is quiet enough to measure on.
 *
 * @returns how many cores others keep busy, when it does not get quiet; undefined when it is
 */
export async function waitForQuiet(
  onWait: (busyCores: number) => void,
): Promise<number | undefined> {
  for (let look = 1; ; look++) {
    const busyCores = await measureBusyCores();
    if (busyCores <= mostBusyCores) {
      return undefined;
    }
    if (look === looks) {
      return busyCores;
    }
    onWait(busyCores);
  }
}

/** CPU time of all cores since the machine's start, in milliseconds. */
export function readBusyMs(cores: readonly CpuInfo[] = cpus()): number {
  return cores.reduce(
    (sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq,
    0,
  );
}

async function measureBusyCores(): Promise<number> {
  const before = readTotals();
  await setTimeout(lookMs);
  const after = readTotals();
  return ((after.busyMs - before.busyMs) / (after.allMs - before.allMs)) * cpus().length;
}

function readTotals(): { readonly busyMs: number; readonly allMs: number } {
  const cores = cpus();
  const busyMs = readBusyMs(cores);
  return { busyMs, allMs: cores.reduce((sum, { times }) => sum + times.idle, busyMs) };
}
