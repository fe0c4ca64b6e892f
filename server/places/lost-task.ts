import { Failure } from "../errors.ts";
import { maxHeapMib } from "./task-limits.ts";

/** Of a task whose thread or process ended before it did. */
export function lostTask(place: string, task: string, what: string, cause?: unknown): Failure {
  return new Failure("unavailable", `The place "${place}" lost the task ${task}: ${what}.`, {
    cause,
  });
}

/** Of a task that no thread or process of the place can do, however often it is tried. */
export function tooLargeTask(place: string, task: string, cause?: unknown): Failure {
  return new Failure(
    "too-large",
    `The place "${place}" lost the task ${task}: it needed more than the ${maxHeapMib} MiB of memory ` +
      "that a task may have. Ask for less at once.",
    { cause },
  );
}
