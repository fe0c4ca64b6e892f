import { Failure } from "../errors.ts";
import { maxHeapMib } from "./task-limits.ts";

/** Of a task whose thread or process ended before it did. */
export function lostTask(place: string, task: string, what: string, cause?: unknown): Failure {
  return new Failure("UNBLOCK_TASK_LOST", { executor: place, task, reason: what }, { cause });
}

/** Of a task that no thread or process of the place can do, however often it is tried. */
export function tooLargeTask(place: string, task: string, cause?: unknown): Failure {
  return new Failure(
    "UNBLOCK_TASK_OUT_OF_MEMORY",
    { executor: place, task, max_mib: maxHeapMib },
    { cause },
  );
}
