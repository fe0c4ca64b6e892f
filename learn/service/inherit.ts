import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";
import { fileURLToPath } from "node:url";
import workerThreads from "node:worker_threads";
import { environmentVariable } from "./environment.ts";

/** The variable with the URL of the learner's file. */
export const fileVariable = "UNBLOCK_LEARN_FILE";
const preload = fileURLToPath(new URL("./preload.ts", import.meta.url));
const requirePreload = `--require=${JSON.stringify(preload)}`;

/** Variables that threads and processes inherit, whatever their environment. */
let inherited: NodeJS.ProcessEnv | undefined;

/** Has threads and processes that this thread starts from now on load preload.ts first. */
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
