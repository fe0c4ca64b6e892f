import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Figures, Question } from "./question.ts";

const run = promisify(execFile);
const maxMs = 60_000;
const maxHeapMb = 1_500;
/** libuv's default; this process may have been started with another UV_THREADPOOL_SIZE. */
const libuvThreads = "4";

/** A way with its figures, or with the problem when it could not be measured. */
export interface Measured {
  readonly way: string;
  readonly figures: Figures | undefined;
  readonly problem?: string | undefined;
}

export async function measure(
  { id, measurement: { figure } }: Question,
  way: string,
  signal: AbortSignal,
  program = new URL("./measure-way.ts", import.meta.url),
): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "unblock-quiz-"));
  const heap = `--max-old-space-size=${maxHeapMb}`;
  const args = [heap, fileURLToPath(program), id, way, folder, String(figure)];
  const env = { ...process.env, UV_THREADPOOL_SIZE: libuvThreads };
  try {
    const options = { env, timeout: maxMs, killSignal: "SIGKILL", signal } as const;
    const { stdout } = await run(process.execPath, args, options);
    return { way, figures: JSON.parse(stdout) };
  } catch (error) {
    return { way, figures: undefined, problem: problemOf(error) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function problemOf(error: unknown): string {
  if (error instanceof Error && "killed" in error && error.killed) {
    return `it was killed after ${maxMs / 1_000} s`;
  }
  const text = error instanceof Error ? error.message : String(error);
  // The message of a failed process is its command, then its output.
  return /^\w*Error.*$/m.exec(text)?.[0] ?? text.split("\n")[0] ?? "";
}
