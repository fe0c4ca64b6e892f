import { type Place, type TaskContext, task } from "../../server/places/place.ts";
import { countSyncReads } from "./blocking-calls.ts";
import {
  type Environment,
  environment,
  learnerFile,
  type ProcessEnvironment,
  provideEnvironment,
  toEnvironment,
  toProcessEnvironment,
} from "./environment.ts";
import { notExportedMessage } from "./learner-module.ts";
import { preloadFromNowOn, watchThread } from "./preload.ts";

interface Errand {
  readonly file: string;
  readonly name: string;
  readonly input: unknown;
  readonly environment: Environment | ProcessEnvironment;
}

const never = new AbortController().signal;
const errand = task(import.meta.url, runErrand);

/** Runs an exported function of the learner's file in a place. */
export async function runElsewhere<Input, Output>(
  place: Place,
  work: (input: Input, context: TaskContext) => Output | Promise<Output>,
  input: Input,
  signal: AbortSignal = never,
): Promise<Output> {
  // Made before anything is awaited, so that its stack leads to the learner's line.
  const problem = new Error(notExportedMessage(place.name, work.name));
  const name = await exportedName(work);
  if (name === undefined) {
    throw problem;
  }
  const own = environment();
  // Processes share no memory.
  const given = place.name === "processes" ? toProcessEnvironment(own) : own;
  const ran = await place.run(
    errand,
    { file: learnerFile(), name, input, environment: given },
    { signal },
  );
  // It is what `work` returned over there.
  return ran.value as Output;
}

/** The name under which the learner's file exports a function; a name alone might be another function's. */
async function exportedName(work: unknown): Promise<string | undefined> {
  const exports: Record<string, unknown> = await import(learnerFile());
  return Object.keys(exports).find((name) => exports[name] === work);
}

/** In the other thread or process. */
export async function runErrand(
  { file, name, input, environment: given }: Errand,
  context: TaskContext,
): Promise<unknown> {
  provideEnvironment(toEnvironment(given));
  countSyncReads();
  watchThread(file);
  preloadFromNowOn(file);
  const exports: Record<string, unknown> = await import(file);
  const work = exports[name];
  if (typeof work !== "function") {
    throw new Error(`Expected your file to export the function "${name}", so that others find it`);
  }
  return work(input, context);
}
