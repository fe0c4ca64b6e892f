import { availableParallelism, cpus } from "node:os";
import { setTimeout } from "node:timers/promises";

/** Duration of one sample. */
const sampleMs = 400;
const maxSamples = 12;
/** Cores that others may keep busy while a measurement runs. */
export const maxBusyCores = 0.5;

/** What measurements depend on. */
export function describeMachine() {
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
    const busyBeforeMs = readBusyMs();
    const beganMs = performance.now();
    await setTimeout(sampleMs);
    const busyCores = (readBusyMs() - busyBeforeMs) / (performance.now() - beganMs);
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
export function readBusyMs(): number {
  return cpus().reduce(
    (sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq,
    0,
  );
}
