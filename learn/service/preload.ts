/**
 * Loaded first by every thread and Node process that the learner's code starts: the service is started
 * with `--require` of this module, which its threads and forks inherit, and NODE_OPTIONS has it for others.
 * What is watched there is noted in the file that the check reads. In the service itself it does nothing.
 */
import { countQueries } from "./blocking-calls.ts";
import { knownEnvironment } from "./environment.ts";
import { noteTampering } from "./holdings.ts";
import { watchImports } from "./imports.ts";

/** The variable with the URL of the learner's file. */
const fileVariable = "UNBLOCK_LEARN_FILE";

const fileUrl = process.env[fileVariable];
if (fileUrl !== undefined && knownEnvironment() !== undefined) {
  watchThread(fileUrl);
}

/** Has threads and processes that are started from now on load this module first. */
export function preloadFromNowOn(fileUrl: string): void {
  process.env[fileVariable] = fileUrl;
  process.env.NODE_OPTIONS = `--require=${JSON.stringify(import.meta.filename)}`;
}

/** Watches this thread's imports and queries, and notes them in the check's file. */
export function watchThread(fileUrl: string): void {
  countQueries();
  watchImports(fileUrl, noteTampering);
}
