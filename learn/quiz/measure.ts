import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { JsonObject } from "@unblock/progress/json";
import type { Figures } from "./measuring.ts";
import type { Measurement, Way } from "./question.ts";

const run = promisify(execFile);
const maxMs = 60_000;
const maxHeapMb = 1_500;
/** libuv's default; this process may have been started with another UV_THREADPOOL_SIZE. */
const libuvThreads = "4";

/** A way with its figures, or with the problem when it could not be measured. */
export interface Measured {
  readonly way: Way;
  readonly figures: Figures | undefined;
  readonly problem: string | undefined;
}

/** Measures a way in a process of its own. */
export async function measure(
  { program, figure }: Measurement,
  way: Way,
  signal: AbortSignal,
): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "unblock-quiz-"));
  try {
    const { stdout } = await run(
      process.execPath,
      [
        `--max-old-space-size=${maxHeapMb}`,
        fileURLToPath(program),
        way.argument,
        folder,
        String(figure),
      ],
      {
        env: { ...process.env, UV_THREADPOOL_SIZE: libuvThreads },
        timeout: maxMs,
        killSignal: "SIGKILL",
        signal,
      },
    );
    return { way, figures: parseFigures(stdout), problem: undefined };
  } catch (error) {
    return { way, figures: undefined, problem: problemOf(error) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function parseFigures(line: string): Figures {
  const json = new JsonObject(JSON.parse(line), "the figures");
  return json.map((name) => json.number(name));
}

function problemOf(error: unknown): string {
  if (error instanceof Error && "killed" in error && error.killed) {
    return `it was killed after ${maxMs / 1_000} s`;
  }
  const text = error instanceof Error ? error.message : String(error);
  // The message of a failed process is its command, then its output.
  return /^\w*Error.*$/m.exec(text)?.[0] ?? text.split("\n")[0] ?? "";
}
