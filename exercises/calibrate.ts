import type { Executor, Task } from "@unblock/executors/executor";
import { threadCpuMs } from "@unblock/measure/clock";

const targetMs = 100;
const spendMs = 60;

/**
 * How many times `sample`, which should take a few milliseconds, fits into 100 ms of CPU on this
 * machine. Counts CPU time, so that a busy machine does not change the result, and skips the first
 * runs, before the code is compiled.
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
 * Calibrates once in the given executor, when the result is first needed; again after a failure, as
 * when its thread died.
 */
export function calibrateOnce(
  executor: Pick<Executor, "run">,
  calibration: Task<null, number>,
): () => Promise<number> {
  const noCaller = { signal: new AbortController().signal };
  let current: Promise<number> | undefined;
  return () => {
    if (current === undefined) {
      current = executor.run(calibration, null, noCaller).then(({ value }) => value);
      current.catch(() => {
        current = undefined;
      });
    }
    return current;
  };
}
