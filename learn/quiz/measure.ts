import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Figures } from "./measurements/way.ts";
import type { Measurement, Way } from "./question.ts";

const run = promisify(execFile);
/** What takes longer, or needs more, would tell of the machine and not of the question. */
const mostMs = 60_000;
const mostHeapMb = 1_500;
/** What libuv's pool has unless told otherwise; this command itself may have been told otherwise. */
const libuvThreads = "4";

/** A way with what was measured of it; the figures are undefined when it could not be measured. */
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
        `--max-old-space-size=${mostHeapMb}`,
        fileURLToPath(program),
        way.argument,
        folder,
        String(figure),
      ],
      {
        env: { ...process.env, UV_THREADPOOL_SIZE: libuvThreads },
        timeout: mostMs,
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
  const json: unknown = JSON.parse(line);
  if (typeof json !== "object" || json === null) {
    throw new Error(`expected figures, got ${line}`);
  }
  const figures: Record<string, number> = {};
  for (const [name, value] of Object.entries(json)) {
    if (typeof value !== "number") {
      throw new Error(`expected ${name} to be a number, got ${JSON.stringify(value)}`);
    }
    figures[name] = value;
  }
  return figures;
}

function problemOf(error: unknown): string {
  if (error instanceof Error && "killed" in error && error.killed) {
    return `it took longer than ${mostMs / 1_000} s, and was ended`;
  }
  const text = error instanceof Error ? error.message : String(error);
  // Of a failed process it is the command first, then what it printed.
  return /^\w*Error.*$/m.exec(text)?.[0] ?? text.split("\n")[0] ?? "";
}
