import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { readCores } from "@unblock/measure/cores";
import { progressPath } from "@unblock/progress/progress";
import { exercises } from "@unblock/proto/exercises";
import { wholeNumber } from "@unblock/terminal/arguments";
import { exercise } from "@unblock/terminal/exercise";
import { fail } from "@unblock/terminal/process";
import { openProgressLine, paintFor } from "@unblock/terminal/text";
import { Command } from "commander";
import { keepMeasured, toJson } from "./json.ts";
import type { Measurement } from "./judge.ts";
import { externalBackends, maxLabMs, runLab, selectedExercises } from "./run.ts";
import { renderHeading, Table } from "./table.ts";
import { renderWaterfalls } from "./waterfall.ts";

const example = `
Examples:
  npm run lab
  npm run lab -- --exercise A,C --svg bursts.svg
  npm run lab -- --exercise D --libuv-threads 4
  npm run -s lab -- --json > lab.json

The lab also measures what other programs do. Disturbed bursts are repeated, for
about half a minute per exercise; what stays disturbed is inconclusive. Ctrl-C
prints the finished exercises.

Exit codes: 0 measured; 1 could not run; 3 a recommended strategy is inconclusive;
130 Ctrl-C.`;

interface Flags {
  readonly exercise?: readonly string[];
  readonly strategy?: string;
  readonly runs: number;
  readonly cpuWorkers: number;
  readonly libuvThreads?: number;
  readonly blockingThreads: number;
  readonly json?: boolean;
  readonly svg?: string;
}

const cores = readCores();
const flags = new Command("npm run lab --")
  .description("Measures what each way of placing work costs on this machine, in about a minute.")
  .option("--exercise <letters>", "only these exercises, such as A,C", (text: string) =>
    text.split(",").map((part) => exercise(part.trim()).letter),
  )
  .option("--strategy <name>", "only this strategy, such as cpu-pool")
  .option(
    "--runs <n>",
    "undisturbed rounds of the right strategies (others: 3 at most)",
    wholeNumber(2, 100),
    5,
  )
  .option(
    "--cpu-workers <n>",
    "threads for CPU work",
    wholeNumber(1, 256),
    Math.min(256, Math.ceil(cores.usable)),
  )
  .option(
    "--libuv-threads <n>",
    "threads of libuv's pool (default: UV_THREADPOOL_SIZE, or 16)",
    wholeNumber(1, 1024),
  )
  .option("--blocking-threads <n>", "threads for blocking calls", wholeNumber(1, 256), 16)
  .option("--svg <file>", "also draw the bursts into this file, one bar per call")
  .option("--json", "print the result as JSON, and nothing else")
  .addHelpText("after", example)
  .allowExcessArguments(false)
  .parse()
  .opts<Flags>();

const selection = { letters: flags.exercise, strategy: flags.strategy };
const selected = selectedExercises(selection);
if (selected.length === 0) {
  const all = exercises.flatMap(({ allStrategies }) => allStrategies);
  const names = new Set(all.map(({ name }) => name));
  const needs = new Set(all.filter(({ name }) => name === flags.strategy).map((one) => one.needs));
  needs.delete("");
  const missing = needs.size === 0 ? "" : `, or it requires ${[...needs].join(" or ")}`;
  fail(
    `None of the exercises has the strategy "${flags.strategy}"${missing}; there are: ${[...names].join(", ")}`,
  );
}
if (flags.svg !== undefined && !existsSync(dirname(flags.svg))) {
  fail(`Expected the folder of --svg to exist, found no ${dirname(flags.svg)}`);
}

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
const { stdout } = process;
const table = new Table(stdout.columns, paintFor(stdout), cores.usable);
const progress = openProgressLine(process.stderr);
const startMs = performance.now();
const maxS = maxLabMs(selected.length) / 1_000;
const external = externalBackends();
const measurements: Measurement[] = [];
if (!flags.json) {
  process.stdout.write(renderHeading(cores, external));
}

try {
  const { libuvThreads = Number(process.env.UV_THREADPOOL_SIZE || 16) } = flags;
  await runLab({
    ...{ ...selection, ...flags, libuvThreads, cores, signal: interrupt.signal },
    onProgress: (what) => {
      progress.show(() => {
        const seconds = ((performance.now() - startMs) / 1_000).toFixed(0);
        return `${seconds} of at most ${maxS} s: ${what}`;
      });
    },
    onMeasured: (measured) => {
      measurements.push(...measured);
      progress.clear();
      if (!flags.json) {
        process.stdout.write(table.exercise(measured));
      }
    },
  });
} catch (error) {
  if (!interrupt.signal.aborted) {
    progress.clear();
    fail(error);
  }
}
progress.clear();
const result = toJson(cores, external, measurements);
if (flags.json) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
if (flags.svg !== undefined) {
  await writeFile(flags.svg, renderWaterfalls(measurements));
}
const course = await keepMeasured(result.results, progressPath()).catch(
  (error: Error) => `The times cannot be saved for the review: ${error.message}`,
);
process.stderr.write(course === undefined ? "" : `${course}\n`);
process.exitCode = exitCode();

function exitCode(): number {
  if (interrupt.signal.aborted) {
    return 130;
  }
  const isOpen = ({ strategy, exercise, isOneWorker, inconclusive }: Measurement) =>
    strategy.name === exercise.recommended && !isOneWorker && inconclusive !== undefined;
  return measurements.some(isOpen) ? 3 : 0;
}
