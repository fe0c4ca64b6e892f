import { loadProgress, progressOf, progressPath } from "@unblock/progress/progress";
import { type Exercise, exercises, findExercise } from "@unblock/proto/exercises";
import { fail } from "@unblock/terminal/process";
import { openProgressLine, paintFor } from "@unblock/terminal/text";
import { Command, InvalidArgumentError, Option } from "commander";
import { openBook, readingFor } from "../book/book.ts";
import { renderRationale, renderResult } from "../render.ts";
import { recordResult } from "../results.ts";
import { renderScore, scoreOf, scoreOfProgress } from "../score.ts";
import { contentOf, prepareWorkspace, shown, solutionFile, yourFile } from "../workspace.ts";
import { checkExercise } from "./check-exercise.ts";
import type { CheckResult, ExerciseResult, StepName, Verdict } from "./result.ts";
import { checkTypes } from "./types.ts";
import { watchExercises } from "./watch.ts";

const example = `
Examples:
  npm run check
  npm run check -- A C
  npm run check -- --watch
  npm run -s check -- --solutions --json > check.json

Exit codes: 0 when all passed, 2 when one failed, 3 when none failed and some are INCONCLUSIVE.`;

/** Width without a terminal, and maximum width. */
const columns = 100;

interface Flags {
  readonly json?: boolean;
  readonly solutions?: boolean;
  readonly watch?: boolean;
}

const command = new Command("npm run check --")
  .description("Check your answers to the exercises, each in its own service.")
  .argument("[letters...]", "only these, such as A C (default: all)", letters)
  .option("--solutions", "check the reference solutions instead of your files")
  .addOption(
    new Option("--watch", "check a file whenever it is saved, until Ctrl-C").conflicts([
      "json",
      "solutions",
    ]),
  )
  .option("--json", "print only the result, as JSON")
  .addHelpText("after", example)
  .parse();
const flags = command.opts<Flags>();
const asked: readonly Exercise[] = command.processedArgs[0] ?? [];

// What the check started ends with this process.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
const chosen = asked.length > 0 ? asked : exercises;
if (flags.watch) {
  prepareWorkspace();
  watchExercises(chosen, async (exercise) => {
    const file = yourFile(exercise);
    print(exercise, file, await checkOne(exercise, file, checkTypes([file]), exercise.letter));
    const { state } = loadProgress(progressPath());
    process.stdout.write(`${renderScore(scoreOfProgress(state))[0]}\n`);
  });
} else {
  await run();
}

async function run(): Promise<void> {
  try {
    const result = await checkAll(chosen);
    process.stdout.write(
      flags.json ? `${JSON.stringify(result)}\n` : `${renderScore(result.score).join("\n")}\n`,
    );
    process.exitCode = exitCodeOf(result.results.map(({ verdict }) => verdict));
  } catch (error) {
    fail(error);
  }
}

/** @param label begins the progress line, such as "3/8  C" */
async function checkOne(
  exercise: Exercise,
  file: string,
  types: ReturnType<typeof checkTypes>,
  label: string,
): Promise<ExerciseResult> {
  const progress = openProgressLine(process.stderr);
  const onBegin = (step: StepName) =>
    progress.show((seconds) => `  ${label}  ${step} …${seconds >= 2 ? ` ${seconds} s` : ""}`);
  // The file may be saved again during the check.
  const source = contentOf(file);
  const result = await checkExercise(exercise, file, { types, onBegin, onStep: progress.clear });
  progress.clear();
  if (!flags.solutions) {
    await recordResult(result, source, progressPath()).catch((error: Error) => {
      process.stderr.write(`The result can't be saved in your progress: ${error.message}\n`);
    });
  }
  return result;
}

async function checkAll(chosen: readonly Exercise[]): Promise<CheckResult> {
  prepareWorkspace();
  const fileOf = (exercise: Exercise) =>
    flags.solutions ? solutionFile(exercise, exercise.recommended) : yourFile(exercise);
  const types = checkTypes(chosen.map(fileOf));
  const results: ExerciseResult[] = [];
  for (const [index, exercise] of chosen.entries()) {
    const file = fileOf(exercise);
    const label = `${index + 1}/${chosen.length}  ${exercise.letter}`;
    const result = await checkOne(exercise, file, types, label);
    print(exercise, file, result);
    results.push(result);
  }
  return { results, score: scoreOf(results) };
}

function print(exercise: Exercise, file: string, result: ExerciseResult): void {
  if (!flags.json) {
    process.stdout.write(`${renderExercise(exercise, file, result).join("\n")}\n`);
  }
}

function exitCodeOf(verdicts: readonly Verdict[]): number {
  if (verdicts.includes("FAIL")) {
    return 2;
  }
  return verdicts.includes("INCONCLUSIVE") ? 3 : 0;
}

function letters(text: string, before: readonly Exercise[] = []): readonly Exercise[] {
  const found = text.split(",").map((part) => {
    const exercise = findExercise(part.trim());
    if (exercise === undefined) {
      const known = exercises.map(({ letter }) => letter).join(", ");
      throw new InvalidArgumentError(`Expected letters of ${known}, got "${part}".`);
    }
    return exercise;
  });
  return [...new Set([...before, ...found])];
}

/** Renders a result. The rationale follows a pass of an exercise that was asked for, else a reference to it. */
function renderExercise(exercise: Exercise, file: string, result: ExerciseResult): string[] {
  const paint = paintFor(process.stdout);
  const width = Math.min(process.stdout.columns ?? columns, columns);
  if (asked.length > 0 && result.verdict === "PASS") {
    const progress = progressOf(loadProgress(progressPath()).state, exercise.letter);
    return [...renderRationale(openBook(exercise, file), result, progress, width, paint), ""];
  }
  const { letter, title } = exercise;
  const lines = [
    `${paint("bold", `${letter}  ${title}`)}  ${shown(file)}`,
    ...renderResult(result, width, paint),
  ];
  const { rationale } = readingFor(exercise);
  const why = paint("dim", `  Why it is right: ${rationale}, or npm run check -- ${letter}`);
  return [...lines, ...(result.verdict === "PASS" ? [why] : []), ""];
}
