import { availableParallelism, cpus } from "node:os";
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
const maxBusyCores = 0.5;

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
    if (busyCores <= maxBusyCores) {
      return undefined;
    }
    if (look === looks) {
      return busyCores;
    }
    onWait(busyCores);
  }
}

async function measureBusyCores(): Promise<number> {
  const before = totals();
  await setTimeout(lookMs);
  const after = totals();
  return ((after.busy - before.busy) / (after.all - before.all)) * cpus().length;
}

function totals(): { busy: number; all: number } {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const core = times.user + times.nice + times.sys + times.irq;
    busy += core;
    all += core + times.idle;
  }
  return { busy, all };
}
