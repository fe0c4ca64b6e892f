import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A running command of the project. */
export interface RunningCommand {
  readonly child: ChildProcess;
  /** Output so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the exit code; null if a signal ended it. */
  readonly exited: Promise<number | null>;
}

/** Starts a program in the folder of the project, unless the options name another one. */
export function startCommand(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  options: Pick<SpawnOptions, "cwd" | "detached"> = {},
): RunningCommand {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text: Buffer) => {
    stdout += text;
  });
  child.stderr.on("data", (text: Buffer) => {
    stderr += text;
  });
  const exited = once(child, "close").then(([code]: (number | null)[]) => code ?? null);
  return { child, stdout: () => stdout, stderr: () => stderr, exited };
}

/** Runs a program in the folder of the project, and resolves when it has ended. */
export async function runCommand(program: string, args: readonly string[]) {
  const command = startCommand(program, args);
  const code = await command.exited;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}

/** Lines of a text that ends with a line break. */
export function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

/** Lines of an output, without the text that differs between machines, in lines that begin with "here:". */
export function stableLines(output: string): string[] {
  return output.split("\n").map((line) => (line.startsWith("here:") ? "here:" : line));
}
