import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A command of the project as it runs for people, with what it printed so far. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the exit code when it has ended; null when a signal ended it. */
  readonly exited: Promise<number | null>;
}

/** Starts a program in the project's folder. */
export function startCommand(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
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

/** Runs a program in the project's folder to its end. */
export async function runCommand(program: string, args: readonly string[]) {
  const command = startCommand(program, args);
  const code = await command.exited;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}
