import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { readCores } from "@unblock/measure/cores";

/** The project's folder, in which commands run. */
const root = fileURLToPath(new URL("../..", import.meta.url));

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) {
    child.kill("SIGKILL");
  }
});

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** Starts a process. It is killed at the latest when the bench ends, however that happens. */
export function startChild([program, ...args]: Command, options: SpawnOptions): ChildProcess {
  const child = spawn(program, args, { cwd: root, ...options });
  running.add(child);
  child.once("error", () => running.delete(child));
  child.once("exit", () => running.delete(child));
  return child;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** The last 2,000 characters. */
  readonly stderr: string;
  /** What the program wrote to file descriptor 3. */
  readonly extra: string;
}

/**
 * Runs a program to its end.
 *
 * @throws Error when the program cannot be started, is ended by a signal, or runs longer than `timeoutMs`
 */
export async function runChild(command: Command, timeoutMs: number): Promise<Ended> {
  const child = startChild(command, {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr, extra] = [collect(child, 1), collect(child, 2), collect(child, 3)];
  await once(child, "close");
  const errors = stderr().slice(-2_000).trim();
  if (child.exitCode === null) {
    const why = child.killed
      ? `was not done after ${timeoutMs / 1_000} s`
      : `was ended by ${child.signalCode}`;
    throw new Error(`${command.join(" ")} ${why}. Its standard error:\n${errors}`);
  }
  return { code: child.exitCode, stdout: stdout(), stderr: errors, extra: extra() };
}

function collect(child: ChildProcess, descriptor: number): () => string {
  const parts: Buffer[] = [];
  child.stdio[descriptor]?.on("data", (part: Buffer) => parts.push(part));
  return () => Buffer.concat(parts).toString();
}

/** A measured server in a process of its own, which `await using` ends. */
export interface ServerProcess extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Asks for one of the values that the server offered in `announce`. */
  ask<Value>(question: string): Promise<Value>;
}

/** Starts a program on Node that announces its URL, on the servers' core. */
export function startServerProcess(
  program: URL,
  flags: readonly string[],
  pinning: Pinning,
  nodeFlags: readonly string[] = [],
): Promise<ServerProcess> {
  const command = [process.execPath, ...nodeFlags, fileURLToPath(program), ...flags] as const;
  return startServerCommand(command, pinning);
}

/** Starts a program that announces its URL on the channel of Node's child processes, on the servers' core. */
export async function startServerCommand(
  unpinned: Command,
  pinning: Pinning,
): Promise<ServerProcess> {
  const command = pinning.server(unpinned);
  const child = startChild(command, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const { url }: { url: string } = await messageOf(child, command);
  return {
    url,
    ask: (question) => {
      child.send(question);
      return messageOf(child, command);
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    },
  };
}

async function messageOf<Message>(child: ChildProcess, command: Command): Promise<Message> {
  const done = new AbortController();
  const ended = once(child, "exit", done).then(([code, signal]) => {
    const why = signal ?? `exit code ${code}`;
    throw new Error(`Expected ${command.join(" ")} to serve, but it ended (${why})`);
  });
  try {
    const [message] = await Promise.race([once(child, "message", done), ended]);
    return message;
  } finally {
    done.abort();
  }
}

/** Starts several servers by name. When one of them fails, the others are closed. */
export async function startAll<Kind extends string>(
  kinds: readonly Kind[],
  start: (kind: Kind) => Promise<ServerProcess>,
): Promise<Peers<Kind>> {
  await using stack = new AsyncDisposableStack();
  const servers = new Map<Kind, ServerProcess>();
  for (const kind of kinds) {
    servers.set(kind, stack.use(await start(kind)));
  }
  const started = stack.move();
  return {
    get: (kind) => {
      const server = servers.get(kind);
      if (server === undefined) {
        throw new Error(`Expected one of ${kinds.join(", ")}, got ${kind}`);
      }
      return server;
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

export interface Peers<Kind extends string> extends AsyncDisposable {
  get(kind: Kind): ServerProcess;
}

/** Pins servers and clients to one core each, where the system allows it. */
export interface Pinning {
  /** Why nothing is pinned; undefined when pinning works. */
  readonly missing: string | undefined;
  readonly server: (command: Command) => Command;
  readonly client: (command: Command) => Command;
}

/** Chooses two of the cores that this process may use. */
export function createPinning(): Pinning {
  const [serverCore, clientCore] = readCores().cpus;
  const anywhere = (command: Command) => command;
  if (serverCore === undefined || clientCore === undefined) {
    return { missing: "fewer than two cores are available", server: anywhere, client: anywhere };
  }
  if (spawnSync("taskset", ["--version"]).status !== 0) {
    const missing = "taskset, a part of util-linux, is not installed";
    return { missing, server: anywhere, client: anywhere };
  }
  const on =
    (core: number) =>
    (command: Command): Command => ["taskset", "-c", String(core), ...command];
  return { missing: undefined, server: on(serverCore), client: on(clientCore) };
}
