import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "../cli/arguments.ts";
import { fail } from "../cli/fail.ts";
import { readCores } from "../measure/cores.ts";
import { progressPath } from "../progress/progress.ts";
import { exercises } from "../registry/exercises.ts";
import { keepMeasured } from "./keep-measured.ts";
import type { Measurement } from "./measurement.ts";
import { createProgress } from "./progress.ts";
import { realEngines } from "./real-engines.ts";
import { toJson } from "./result.ts";
import { maxLabMs, runLab, selectedExercises } from "./run.ts";
import { renderHeading, Table } from "./table.ts";
import { renderWaterfalls } from "./waterfall.ts";

const example = `
Examples:
  npm run lab
  npm run lab -- --exercise A,C --svg bursts.svg
  npm run lab -- --exercise D --libuv-threads 4
  npm run -s lab -- --json > lab.json

What others do on the machine is measured too. Bursts that they disturb are
repeated, for half a minute per exercise at most; from what stays disturbed nothing
is concluded. Ctrl-C prints what is done.

Exits with 0 when it measured, 3 when a recommended strategy stayed inconclusive,
130 at Ctrl-C, 1 when it could not run.`;

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
const command = new Command("npm run lab --")
  .description("Measures what each way of placing work costs on this machine, in about a minute.")
  .option("--exercise <letters>", "only these, such as A,C", letters)
  .option("--strategy <name>", "only this strategy, such as workers")
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
  .option("--svg <file>", "also draw the bursts, a bar per call, into this file")
  .option("--json", "print the result as JSON, and nothing else")
  .addHelpText("after", example)
  .allowExcessArguments(false);

const flags = command.parse().opts<Flags>();
const selection = { letters: flags.exercise, strategy: flags.strategy };
if (selectedExercises(selection).length === 0) {
  const all = exercises.flatMap(({ allStrategies }) => allStrategies);
  const names = new Set(all.map(({ name }) => name));
  const needs = new Set(all.filter(({ name }) => name === flags.strategy).map((one) => one.needs));
  needs.delete("");
  const missing = needs.size === 0 ? "" : `, or it needs ${[...needs].join(" or ")} to be set`;
  fail(
    `No exercise asked for has the strategy "${flags.strategy}"${missing}; there are: ${[...names].join(", ")}`,
  );
}

// Found out now, not after a minute's work.
if (flags.svg !== undefined && !existsSync(dirname(flags.svg))) {
  fail(`Expected the folder of --svg to exist, found no ${dirname(flags.svg)}`);
}

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
const progress = createProgress();
const table = new Table(process.stdout, cores.usable);
const beganMs = performance.now();
const maxS = maxLabMs(selectedExercises(selection).length) / 1_000;
const machine = { cores, realEngines: realEngines() };
const measurements: Measurement[] = [];
if (!flags.json) {
  process.stdout.write(renderHeading(machine));
}

try {
  await runLab({
    ...selection,
    cores,
    runs: flags.runs,
    cpuWorkers: flags.cpuWorkers,
    libuvThreads: flags.libuvThreads ?? Number(process.env.UV_THREADPOOL_SIZE || 16),
    blockingThreads: flags.blockingThreads,
    signal: interrupt.signal,
    onProgress: (what) => progress.say(`${secondsSince(beganMs)} of at most ${maxS} s: ${what}`),
    onMeasured: (measured) => {
      measurements.push(...measured);
      progress.clear();
      if (!flags.json) {
        process.stdout.write(table.exercise(measured));
      }
    },
  });
} catch (error) {
  progress.clear();
  if (!interrupt.signal.aborted) {
    fail(error);
  }
}
progress.clear();
if (flags.json) {
  process.stdout.write(`${JSON.stringify(toJson({ ...machine, measurements }))}\n`);
}
if (flags.svg !== undefined) {
  await writeFile(flags.svg, renderWaterfalls(measurements));
}
const kept = await keepMeasured(toJson({ ...machine, measurements }).results, progressPath()).catch(
  (error: Error) => `The times can't be kept for the review: ${error.message}`,
);
process.stderr.write(kept === undefined ? "" : `${kept}\n`);
process.exitCode = exitCode();

function secondsSince(ms: number): string {
  return ((performance.now() - ms) / 1_000).toFixed(0);
}

function exitCode(): number {
  if (interrupt.signal.aborted) {
    return 130;
  }
  const isOpen = ({ strategy, exercise, isOneWorker, inconclusive }: Measurement) =>
    strategy.name === exercise.recommended && !isOneWorker && inconclusive !== undefined;
  return measurements.some(isOpen) ? 3 : 0;
}

function letters(text: string): string[] {
  const known = exercises.map(({ letter }) => letter);
  return text.split(",").map((part) => {
    const letter = part.trim().toUpperCase();
    if (!known.includes(letter)) {
      throw new InvalidArgumentError(`Expected letters of ${known.join(", ")}, got "${part}".`);
    }
    return letter;
  });
}
