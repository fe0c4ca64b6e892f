import { type ExecFileException, execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createQuestion, type Figures, type Question } from "./question.ts";
import { bigFile } from "./questions/big-file.ts";
import { bigJson } from "./questions/big-json.ts";
import { gzip } from "./questions/gzip.ts";
import { nameLookups } from "./questions/name-lookups.ts";
import { passwordHash } from "./questions/password-hash.ts";
import { tokenStream } from "./questions/token-stream.ts";

const run = promisify(execFile);
const maxMs = 60_000;
const maxHeapMb = 1_500;
/** libuv's default; this process may have been started with another UV_THREADPOOL_SIZE. */
const libuvThreads = "4";

const definitions = [passwordHash, bigJson, gzip, nameLookups, tokenStream, bigFile];

/** All questions, in the order in which new ones are asked. */
export const questions: readonly Question[] = definitions.map(createQuestion);

/** @throws Error when there is no such question */
export function questionOf(id: string): Question {
  const question = questions.find((one) => one.id === id);
  if (question === undefined) {
    throw new Error(`Expected a question of the quiz, got ${id}`);
  }
  return question;
}

/** A way with its figures, or with the problem when it could not be measured. */
export interface Measured {
  readonly way: string;
  readonly figures: Figures | undefined;
  readonly problem?: string | undefined;
}

/** Measures a way in a process of its own, whose program this file is, too. */
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
