/** Measures a question's ways, each in a process of its own, whose program this file is, too. */
import { type ExecFileException, execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Figures, Question } from "./question.ts";
import { definitions } from "./questions.ts";

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
  program = new URL(import.meta.url),
): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "unblock-quiz-"));
  const heap = `--max-old-space-size=${maxHeapMb}`;
  const args = [heap, fileURLToPath(program), id, way, folder, String(figure)];
  const env = { ...process.env, UV_THREADPOOL_SIZE: libuvThreads };
  const options = { env, timeout: maxMs, killSignal: "SIGKILL", signal } as const;
  return run(process.execPath, args, options)
    .then(({ stdout }): Measured => ({ way, figures: JSON.parse(stdout) }))
    .catch((error: ExecFileException) => ({ way, figures: undefined, problem: problemOf(error) }))
    .finally(() => rm(folder, { recursive: true }));
}

function problemOf({ killed, message }: ExecFileException): string {
  if (killed) {
    return `it was killed after ${maxMs / 1_000} s`;
  }
  // The message of a failed process is its command, then its output.
  return /^\w*Error.*$/m.exec(message)?.[0] ?? message.split("\n")[0] ?? "";
}

if (import.meta.main) {
  const [, , id, way = "", folder = "", figure] = process.argv;
  const definition = definitions.find((one) => one.id === id);
  process.stdout.write(JSON.stringify(await definition?.ways[way]?.(Number(figure), folder)));
}
