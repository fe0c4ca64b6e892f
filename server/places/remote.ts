import { fromFailureMessage } from "../errors.ts";
import type { Ran } from "./place.ts";
import type { TaskOutcome } from "./task-runner.ts";

/** What a task answered from another thread or process, as a result or a failure of this thread's. */
export function fromOutcome<Output>(
  outcome: TaskOutcome<Output>,
  submittedMs: number,
): Ran<Output> {
  if ("failure" in outcome) {
    throw fromFailureMessage(outcome.failure);
  }
  return {
    value: outcome.value,
    ranOn: outcome.ranOn,
    beganMs: submittedMs,
    timing: [
      { name: "queue", ms: outcome.startedMs - submittedMs },
      { name: "work", ms: outcome.workMs },
    ],
    cpuMs: outcome.cpuMs,
  };
}
