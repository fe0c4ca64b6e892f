import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "../cli/arguments.ts";
import { fail } from "../cli/fail.ts";
import { waitForQuiet } from "../machine/quiet.ts";
import { progressPath } from "../progress/progress.ts";
import { exercises } from "../registry/exercises.ts";
import { keepMeasured } from "./keep-measured.ts";
import { createProgress } from "./progress.ts";
import { toJson } from "./result.ts";
import { makePlans, runLab } from "./run.ts";
import { renderTable } from "./table.ts";
import { renderWaterfalls } from "./waterfall.ts";

const example = `
Examples:
  npm run lab
  npm run lab -- --exercise A,C --svg bursts.svg
  npm run lab -- --exercise D --libuv-threads 4
  npm run -s lab -- --json > lab.json

Exits with 0 when it measured, and with 3 when the machine was too busy to.`;

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

const cores = availableParallelism();
const command = new Command("npm run lab --")
  .description("Measures what each way of placing work costs on this machine, in about a minute.")
  .option("--exercise <letters>", "only these, such as A,C", letters)
  .option("--strategy <name>", "only this strategy, such as workers")
  .option(
    "--runs <n>",
    "bursts of the right way (others: 3 at most, 2 that freeze)",
    wholeNumber(1, 100),
    5,
  )
  .option("--cpu-workers <n>", "threads for CPU work", wholeNumber(1, 256), cores)
  .option(
    "--libuv-threads <n>",
    "threads of libuv's pool (default: UV_THREADPOOL_SIZE, or 16)",
    wholeNumber(1, 1024),
  )
  .option("--blocking-threads <n>", "threads for blocking calls", wholeNumber(1, 256), 16)
  .option("--svg <file>", "also draw the bursts, a bar a call, into this file")
  .option("--json", "print the result as JSON, and nothing else")
  .addHelpText("after", example)
  .allowExcessArguments(false);

const flags = command.parse().opts<Flags>();
const selection = { letters: flags.exercise, strategy: flags.strategy };
if (makePlans(selection).length === 0) {
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

const progress = createProgress();
const busyCores = await waitForQuiet((busy) =>
  progress.say(`waiting: others keep ${busy.toFixed(1)} cores busy`),
);
if (busyCores !== undefined) {
  progress.clear();
  process.stderr.write(
    `The machine is too busy to measure on: others keep ${busyCores.toFixed(1)} of ${cores} cores busy. ` +
      "Stop what runs, or try again later.\n",
  );
  process.exit(3);
}

try {
  const result = await runLab({
    ...selection,
    runs: flags.runs,
    cpuWorkers: flags.cpuWorkers,
    libuvThreads: flags.libuvThreads ?? Number(process.env.UV_THREADPOOL_SIZE || 16),
    blockingThreads: flags.blockingThreads,
    onProgress: (done, of, what) => progress.say(`${done + 1}/${of}  ${what}`),
  });
  progress.clear();
  process.stdout.write(
    flags.json ? `${JSON.stringify(toJson(result))}\n` : renderTable(result, process.stdout),
  );
  if (flags.svg !== undefined) {
    await writeFile(flags.svg, renderWaterfalls(result));
  }
  const learner = await keepMeasured(toJson(result).results, progressPath()).catch(
    (error: Error) => `The times can't be kept for the review: ${error.message}`,
  );
  process.stderr.write(learner === undefined ? "" : `${learner}\n`);
} catch (error) {
  progress.clear();
  fail(error);
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
