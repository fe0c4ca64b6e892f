import { monotonicMs } from "../../registry/clock.ts";
import { Admission } from "./admission.ts";
import type { LocalContext, Place, Ran, RanOn, Task } from "./place.ts";
import { closeMs } from "./task-limits.ts";
import { threadCpuMs } from "./thread-cpu.ts";

/**
 * A place whose tasks are run by this very thread.
 *
 * @param size how many may be in progress at once
 * @param maxQueue how many more may wait
 * @param thread what the place says of where it ran, besides its name and process
 */
export function createLocalPlace(
  name: string,
  size: number,
  maxQueue: number,
  thread: Pick<RanOn, "thread">,
): Place<LocalContext> {
  const admission = new Admission(name, size, maxQueue);
  const ranOn: RanOn = { place: name, pid: process.pid, ...thread };
  return {
    name,
    run: (task, input, call) => {
      const submittedMs = monotonicMs();
      return admission.run(() => runHere(task, input, call.signal, submittedMs, ranOn), call);
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    close: () => admission.idle(closeMs),
  };
}

/** Runs a task in this very thread. */
export async function runHere<Input, Output>(
  task: Task<Input, Output, LocalContext>,
  input: Input,
  signal: AbortSignal,
  submittedMs: number,
  ranOn: RanOn,
): Promise<Ran<Output>> {
  const startedMs = monotonicMs();
  const startedCpuMs = threadCpuMs();
  const result = task.run(input, { signal, stopped: () => signal.aborted });
  const cpuMs = threadCpuMs() - startedCpuMs;
  // Work that never waited has ended here; to await it would count what others do meanwhile.
  const value = result instanceof Promise ? await result : result;
  const endedMs = monotonicMs();
  return {
    value,
    ranOn,
    beganMs: submittedMs,
    timing: [
      { name: "queue", ms: startedMs - submittedMs },
      { name: "work", ms: endedMs - startedMs },
    ],
    cpuMs,
  };
}
