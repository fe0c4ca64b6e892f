import { runTask, type TaskMessage, type TaskOutcome } from "./task-runner.ts";

export interface ThreadTaskMessage extends TaskMessage {
  /** Its first element becomes 1 when the task is cancelled. */
  readonly stopFlag: Int32Array;
}

export default function runInThread(message: ThreadTaskMessage): Promise<TaskOutcome<unknown>> {
  return runTask(message, { stopped: () => Atomics.load(message.stopFlag, 0) === 1 });
}
