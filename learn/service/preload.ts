/**
 * Loaded first in every thread and Node process that the learner's code starts. The service is started
 * with `--require` of this module, which its threads and forks inherit; others get it from NODE_OPTIONS,
 * also when they are given an environment of their own. It notes what it observes in the file that the
 * check reads. In the service it does nothing.
 */

import childProcess from "node:child_process";
import { registerHooks, syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import workerThreads from "node:worker_threads";
import { countQueries, noteTampering } from "./blocking-calls.ts";
import { environmentVariable, knownEnvironment } from "./environment.ts";
import { lineWith } from "./last-words.ts";

const root = new URL("../../", import.meta.url).href;
/** The variable with the URL of the learner's file. */
const fileVariable = "UNBLOCK_LEARN_FILE";
const requirePreload = `--require=${JSON.stringify(fileURLToPath(import.meta.url))}`;

/** Paths in the project that the learner's code may not import, and why; the first that matches counts. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/^exercises\/[^/]+\/solutions\//, "is a solution: the answer is to be your own"],
  [/^exercises\/[^/]+\/(right|wrong)\//, "is an answer of others: it is to be your own"],
  [/^exercises\//, "is the server's own answer: it is to be yours"],
  [/^backends\/call-counts\.ts/, "counts for the check"],
  [/^learn\/(service|check)\//, "belongs to the check"],
];

/** Watches what the learner's code does in this thread, and in those and processes that it starts. */
export function watchThread(fileUrl: string): void {
  preloadFromNowOn(fileUrl);
  countQueries();
  watchImports(fileUrl, noteTampering);
}

let isWatching = false;

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

/** Variables that threads and processes inherit, whatever their environment. */
let inherited: NodeJS.ProcessEnv | undefined;

/** Has threads and processes that this thread starts from now on load this module first. */
export function preloadFromNowOn(fileUrl: string): void {
  const isFirst = inherited === undefined;
  const known = process.env[environmentVariable];
  inherited = { [fileVariable]: fileUrl, ...(known && { [environmentVariable]: known }) };
  completeEnvironment();
  if (isFirst) {
    passOnToProcesses();
    passOnToThreads();
    // Named imports follow only now.
    syncBuiltinESMExports();
  }
}

/** @param options for Node that are kept */
function inheritedBeside(options = ""): NodeJS.ProcessEnv {
  const isThere = options.includes(requirePreload);
  return { ...inherited, NODE_OPTIONS: isThere ? options : `${options} ${requirePreload}`.trim() };
}

/** Completes this thread's environment, from which the learner's code may have removed something. */
function completeEnvironment(): void {
  Object.assign(process.env, inheritedBeside(process.env.NODE_OPTIONS));
}

function withInherited(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...own, ...inheritedBeside(own.NODE_OPTIONS) };
}

interface StartOptions {
  /** Such as "PATH=/bin". */
  envPairs?: readonly string[];
}

function passOnToProcesses(): void {
  const { prototype } = childProcess.ChildProcess;
  const start: (options: StartOptions) => unknown = Reflect.get(prototype, "spawn");
  const value = new Proxy(start, {
    apply: function spawn(_, child, [options]: [StartOptions]) {
      const own = Object.fromEntries((options.envPairs ?? []).map(toEntry));
      options.envPairs = Object.entries(withInherited(own)).map((entry) => entry.join("="));
      return Reflect.apply(start, child, [options]);
    },
  });
  Reflect.set(prototype, "spawn", value);
  // Those that wait for the process's end do not use that method. The names are for those who read stacks.
  replaceStart("spawnSync", function spawnSync(wait, self, args) {
    return waitWithInherited(wait, self, args);
  });
  replaceStart("execFileSync", function execFileSync(wait, self, args) {
    return waitWithInherited(wait, self, args);
  });
  replaceStart("execSync", function execSync(wait, self, args) {
    return waitWithInherited(wait, self, args);
  });
}

type Wait = (...args: unknown[]) => unknown;

function replaceStart(
  name: "spawnSync" | "execFileSync" | "execSync",
  apply: (wait: Wait, self: unknown, args: unknown[]) => unknown,
): void {
  const wait: Wait = Reflect.get<object, string>(childProcess, name);
  Reflect.set(childProcess, name, new Proxy(wait, { apply }));
}

function waitWithInherited(wait: Wait, self: unknown, args: readonly unknown[]): unknown {
  completeEnvironment();
  return Reflect.apply(wait, self, args.map(withEnvironment));
}

function toEntry(pair: string): readonly [string, string] {
  // The names of Windows's own variables begin with "=".
  const at = pair.indexOf("=", 1);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** Completes options with an environment; other arguments stay. */
function withEnvironment(argument: unknown): unknown {
  if (typeof argument !== "object" || argument === null || !("env" in argument)) {
    return argument;
  }
  const { env } = argument;
  // A symbol shares the environment with a thread.
  return typeof env === "object" ? { ...argument, env: withInherited({ ...env }) } : argument;
}

function passOnToThreads(): void {
  const value = new Proxy(workerThreads.Worker, {
    construct: (make, [program, options], newTarget) => {
      completeEnvironment();
      return Reflect.construct(make, [program, withEnvironment(options)], newTarget);
    },
  });
  Reflect.set(workerThreads, "Worker", value);
}

const fileUrl = process.env[fileVariable];
if (fileUrl !== undefined && knownEnvironment() !== undefined) {
  watchThread(fileUrl);
}
