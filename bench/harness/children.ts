import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** The project's folder: commands run in it. */
const root = fileURLToPath(new URL("../..", import.meta.url));

const running = new Set<ChildProcess>();
// Whatever ends the bench, nothing that it started stays.
process.on("exit", () => {
  for (const child of running) {
    child.kill("SIGKILL");
  }
});

/** Starts a process that ends with the bench at the latest. */
export function startChild([program, ...args]: Command, options: SpawnOptions): ChildProcess {
  const child = spawn(program, args, { cwd: root, ...options });
  running.add(child);
  child.once("error", () => running.delete(child));
  child.once("exit", () => running.delete(child));
  return child;
}

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** Its last part, if it is long. */
  readonly stderr: string;
  /** What it wrote to file descriptor 3. */
  readonly extra: string;
}

/**
 * Runs a program to its end.
 *
 * @param limitMs it is killed when it takes longer
 * @throws Error when it can't be started, a signal ends it, or it takes too long
 */
export async function runChild(command: Command, limitMs: number): Promise<Ended> {
  const child = startChild(command, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
  const stdout = collect(child, 1);
  const stderr = collect(child, 2);
  const extra = collect(child, 3);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, limitMs);
  try {
    const [code, signal]: [number | null, NodeJS.Signals | null] = await closeOf(child);
    if (code === null) {
      const why = late ? `was not done after ${limitMs / 1_000} s` : `was ended by ${signal}`;
      throw new Error(`${shown(command)} ${why}. It said:\n${stderr().slice(-2_000).trim()}`);
    }
    return { code, stdout: stdout(), stderr: stderr().slice(-2_000).trim(), extra: extra() };
  } finally {
    clearTimeout(timer);
  }
}

async function closeOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  const [code, signal] = await once(child, "close");
  return [code, signal];
}

function collect(child: ChildProcess, descriptor: number): () => string {
  const parts: Buffer[] = [];
  child.stdio[descriptor]?.on("data", (part: Buffer) => parts.push(part));
  return () => Buffer.concat(parts).toString();
}

/** A command as people would type it. */
export function shown(command: Command): string {
  return command.join(" ");
}
