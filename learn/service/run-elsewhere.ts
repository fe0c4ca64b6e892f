import { type Executor, type TaskContext, task } from "@unblock/executors/executor";
import { countSyncReads } from "./blocking-calls.ts";
import {
  type Environment,
  environment,
  ownService,
  type ProcessEnvironment,
  provideEnvironment,
  toEnvironment,
  toProcessEnvironment,
} from "./environment.ts";
import { notExportedMessage } from "./learner-module.ts";
import { watchThread } from "./preload.ts";

interface Errand {
  readonly file: string;
  readonly name: string;
  readonly input: unknown;
  readonly environment: Environment | ProcessEnvironment;
}

const never = new AbortController().signal;
const errand = task(import.meta.url, runErrand);

export async function runElsewhere<Input, Output>(
  executor: Executor,
  work: (input: Input, context: TaskContext) => Output | Promise<Output>,
  input: Input,
  signal: AbortSignal = never,
): Promise<Output> {
  // Created before an await, so that its stack leads to the learner's line.
  const problem = new Error(notExportedMessage(executor.name, work.name));
  const { file } = ownService();
  const exports: Record<string, unknown> = await import(file);
  const name = Object.keys(exports).find((one) => exports[one] === work);
  if (name === undefined) {
    throw problem;
  }
  const own = environment();
  // Processes share no memory.
  const given = executor.name === "processes" ? toProcessEnvironment(own) : own;
  const { value } = await executor.run(
    errand,
    { file, name, input, environment: given },
    { signal },
  );
  // The result of `work`.
  return value as Output;
}

export async function runErrand(
  { file, name, input, environment: given }: Errand,
  context: TaskContext,
): Promise<unknown> {
  provideEnvironment(toEnvironment(given));
  countSyncReads();
  watchThread(file);
  const exports: Record<string, unknown> = await import(file);
  const work = exports[name];
  if (typeof work !== "function") {
    throw new Error(
      `Expected your file to export the function "${name}", so that other threads find it`,
    );
  }
  return work(input, context);
}
