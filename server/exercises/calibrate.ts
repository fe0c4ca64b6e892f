import { threadCpuMs } from "../../registry/clock.ts";
import type { Place, Task } from "../places/place.ts";

/** What a calibrated call shall cost, in milliseconds of CPU. */
const targetMs = 100;
/** How much CPU the calibration spends, in milliseconds. */
const spendMs = 60;

/**
 * How many times `sample` fits into 100 ms of CPU on this machine. `sample` should cost a few
 * milliseconds. CPU time is counted, not time, so a busy machine does not change the answer; the
 * first runs, before the code is compiled, do not count.
 */
export function calibrate(sample: () => void): number {
  sample();
  sample();
  let runs = 0;
  let spentMs = 0;
  const beganMs = threadCpuMs();
  while (spentMs < spendMs || runs < 3) {
    sample();
    runs++;
    spentMs = threadCpuMs() - beganMs;
  }
  return (targetMs * runs) / spentMs;
}

/**
 * Calibrates in the place whose work it is for, once, when the result is first asked for; again if it
 * failed, as when its thread died.
 */
export function calibrateOnce(
  place: Pick<Place, "run">,
  calibration: Task<null, number>,
): () => Promise<number> {
  const noCaller = { signal: new AbortController().signal };
  let current: Promise<number> | undefined;
  return () => {
    if (current === undefined) {
      current = place.run(calibration, null, noCaller).then(({ value }) => value);
      current.catch(() => {
        current = undefined;
      });
    }
    return current;
  };
}
