/**
 * Loaded first in every thread and Node process that the learner's code starts. The service is started
 * with `--require` of this module, which its threads and forks inherit; others get it from NODE_OPTIONS,
 * also when they are given an environment of their own. It notes what it observes in the file that the
 * check reads. In the service it does nothing.
 */

import { registerHooks } from "node:module";
import { basename } from "node:path";
import { countQueries, noteTampering } from "./blocking-calls.ts";
import { knownEnvironment } from "./environment.ts";
import { fileVariable, preloadFromNowOn } from "./inherit.ts";
import { lineWith } from "./last-words.ts";

const root = new URL("../../", import.meta.url).href;

/** Paths in the project that the learner's code may not import, and why; the first that matches counts. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/^exercises\/[^/]+\/solutions\//, "is a solution: the answer is to be your own"],
  [/^exercises\/[^/]+\/(right|wrong)\//, "is an answer of others: it is to be your own"],
  [/^exercises\//, "is the server's own answer: it is to be yours"],
  [/^backends\/call-counts\.ts/, "counts for the check"],
  [/^learn\/(service|check)\//, "belongs to the check"],
];

let isWatching = false;
/** Watches this thread's imports and queries, and notes them in the check's file. */
export function watchThread(fileUrl: string): void {
  countQueries();
  watchImports(fileUrl, noteTampering);
}

/**
 * Watches the imports of the learner's code in this thread: of its file, files beside it, code without a
 * file, and packages. The project's own modules may import what they need.
 *
 * @param report gets a text that continues after the file's name, and the line
 */
export function watchImports(
  fileUrl: string,
  report: (text: string, line: number | null) => void,
): void {
  if (isWatching) {
    return;
  }
  isWatching = true;
  const beside = new URL(".", fileUrl).href;
  const isOfProject = (url: string) =>
    url.startsWith(root) &&
    url.endsWith(".ts") &&
    !url.startsWith(beside) &&
    !url.startsWith(`${root}node_modules/`);
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const { parentURL = "" } = context;
      const path = resolved.url.startsWith(root) ? resolved.url.slice(root.length) : "";
      const found = forbidden.find(([pattern]) => pattern.test(path));
      if (found !== undefined && !isOfProject(parentURL) && !resolved.url.startsWith(beside)) {
        const [, why] = found;
        const text = `imports ${path}, which ${why}`;
        report(text, lineWith(basename(resolved.url), fileUrl));
      }
      return resolved;
    },
  });
}

const fileUrl = process.env[fileVariable];
if (fileUrl !== undefined && knownEnvironment() !== undefined) {
  preloadFromNowOn(fileUrl);
  watchThread(fileUrl);
}
