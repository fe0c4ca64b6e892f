import { monotonicMs } from "../../registry/clock.ts";
import type { LocalContext, Ran, RanOn, Task } from "./place.ts";

/** Runs a task in this very thread, and stamps it. */
export async function runHere<Input, Output>(
  task: Task<Input, Output, LocalContext>,
  input: Input,
  signal: AbortSignal,
  submittedMs: number,
  ranOn: RanOn,
): Promise<Ran<Output>> {
  const startedMs = monotonicMs();
  const result = task.run(input, { signal, stopped: () => signal.aborted });
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
  };
}
