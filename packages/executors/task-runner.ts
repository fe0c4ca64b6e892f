import { threadId } from "node:worker_threads";
import { type FailureMessage, fromFailureMessage, toFailureMessage } from "@unblock/errors/failure";
import { monotonicMs, threadCpuMs } from "@unblock/measure/clock";
import { type Ran, type RanOn, type TaskContext, toRan } from "./executor.ts";

/** A task as it is sent to another thread or process. */
export interface TaskMessage {
  readonly module: string;
  readonly name: string;
  readonly input: unknown;
  readonly executor: string;
}

/** Result or failure of a task, with where and when it ran. */
export type TaskOutcome<Output> = {
  readonly ranOn: RanOn;
  /** On the clock of {@link monotonicMs}. */
  readonly startedMs: number;
  readonly workMs: number;
  readonly cpuMs: number;
} & ({ readonly value: Output } | { readonly failure: FailureMessage });

/** Runs a task in the thread or process that received it. */
export async function runTask(
  { module, name, input, executor }: TaskMessage,
  context: TaskContext,
): Promise<TaskOutcome<unknown>> {
  const ranOn: RanOn = { executor, pid: process.pid, thread: threadId };
  let startedMs = monotonicMs();
  let startedCpuMs = threadCpuMs();
  const stamp = () => {
    const cpuMs = threadCpuMs() - startedCpuMs;
    return { ranOn, startedMs, workMs: monotonicMs() - startedMs, cpuMs };
  };
  try {
    const run = await importTask(module, name);
    startedMs = monotonicMs();
    startedCpuMs = threadCpuMs();
    const value = await run(input, context);
    return { value, ...stamp() };
  } catch (error) {
    return { failure: toFailureMessage(error), ...stamp() };
  }
}

export interface ThreadTaskMessage extends TaskMessage {
  /** Its first element becomes 1 when the task is cancelled. */
  readonly stopFlag: Int32Array;
}

/** The function that a thread of a thread pool runs. */
export function runInThread(message: ThreadTaskMessage): Promise<TaskOutcome<unknown>> {
  return runTask(message, { stopped: () => Atomics.load(message.stopFlag, 0) === 1 });
}

/** By module and name: importing a module again costs more than many tasks. */
const imported = new Map<string, (input: unknown, context: TaskContext) => unknown>();

async function importTask(module: string, name: string) {
  const key = `${module} ${name}`;
  const known = imported.get(key);
  if (known !== undefined) {
    return known;
  }
  const exports: Record<string, unknown> = await import(module);
  const run = exports[name];
  if (typeof run !== "function") {
    throw new Error(`Expected ${module} to export a function "${name}", found ${typeof run}`);
  }
  const typed = (input: unknown, context: TaskContext) => run(input, context);
  imported.set(key, typed);
  return typed;
}

/** Converts the outcome of another thread or process to a result or a thrown failure. */
export function fromOutcome<Output>(
  outcome: TaskOutcome<Output>,
  submittedMs: number,
): Ran<Output> {
  if ("failure" in outcome) {
    throw fromFailureMessage(outcome.failure);
  }
  const { value, ranOn, startedMs, workMs, cpuMs } = outcome;
  const queueMs = startedMs - submittedMs;
  return toRan({ value, ranOn, beganMs: submittedMs, queueMs, workMs, cpuMs });
}
