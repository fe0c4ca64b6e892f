import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { fail } from "../cli/fail.ts";
import { changeProgress, loadProgress, progressPath, withExercise } from "../progress/progress.ts";
import { type Exercise, exercises, findExercise } from "../registry/exercises.ts";
import { checkExercise } from "./check/check-exercise.ts";
import { runCourse } from "./course/run.ts";
import { renderWithoutTerminal } from "./course/without-terminal.ts";
import { runQuiz } from "./quiz/run.ts";
import { runVerify } from "./result-file/verify.ts";
import { writeResultFile } from "./result-file/write.ts";
import { runReview } from "./review/run.ts";
import { prepareWorkspace, resetExercise, shown, yourFile, yoursFolder } from "./workspace.ts";

const example = `
Examples:
  npm run learn
  npm run learn -- --exercise C
  npm run learn -- --reset A
  npm run learn -- --quiz
  npm run learn -- --review
  npm run learn -- --result result.json
  npm run learn -- --verify result.json

--verify exits with 0 when the file is valid, with 2 when it was altered, and with 1 when it can't be
read or is no result file.`;

interface Flags {
  readonly exercise?: Exercise;
  readonly reset?: Exercise;
  readonly quiz?: boolean;
  readonly review?: boolean;
  readonly result?: string;
  readonly verify?: string;
}

const command = new Command("npm run learn --")
  .description("The course: decide, implement, check, read why. On a terminal, a key at a time.")
  .option("--exercise <letter>", "begin with this exercise", exercise)
  .option("--reset <letter>", "put an exercise's stub back, and keep your version aside", exercise)
  .option("--quiz", "decide for six other scenarios, and see each measured here")
  .option("--review", "ask again, with other figures, what you may be about to forget")
  .option("--result <file>", "write your result so far into a signed file")
  .option("--verify <file>", "verify a result file, without the network")
  .addHelpText("after", example)
  .allowExcessArguments(false);

const flags = command.parse().opts<Flags>();
const hasTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== "dumb";

try {
  if (flags.verify !== undefined) {
    process.exitCode = runVerify(flags.verify);
  } else if (flags.result !== undefined) {
    const { state, notice } = loadProgress(progressPath());
    process.stderr.write(notice === undefined ? "" : `${notice}\n`);
    const file = writeResultFile(state, yoursFolder, resolve(flags.result));
    process.stdout.write(
      `Your result is in ${file}. Verify it: npm run learn -- --verify ${flags.result}\n`,
    );
  } else if (flags.reset !== undefined) {
    await reset(flags.reset);
  } else if (!hasTerminal) {
    prepareWorkspace();
    const { state, notice } = loadProgress(progressPath());
    process.stdout.write(renderWithoutTerminal(state));
    process.stderr.write(notice === undefined ? "" : `${notice}\n`);
  } else if (flags.quiz) {
    await runQuiz(progressPath());
  } else if (flags.review) {
    await runReview(progressPath());
  } else {
    await runCourse(yoursFolder, checkExercise, flags.exercise?.letter);
    // A check that still goes on would keep the process; what it started ends with it.
    process.exit(0);
  }
} catch (error) {
  fail(error);
}

async function reset(exercise: Exercise): Promise<void> {
  const aside = resetExercise(exercise, new Date());
  const { letter } = exercise;
  const changed = { hints: 0, last: undefined, skipped: false, result: undefined };
  await changeProgress(progressPath(), (progress) => withExercise(progress, letter, changed));
  const kept = aside === undefined ? "" : ` Your version is kept: ${shown(aside)}`;
  process.stdout.write(`${shown(yourFile(exercise))} is the stub again.${kept}\n`);
}

function exercise(text: string): Exercise {
  const found = findExercise(text);
  if (found === undefined) {
    const letters = exercises.map(({ letter }) => letter).join(", ");
    throw new InvalidArgumentError(`Expected one of ${letters}, got "${text}".`);
  }
  return found;
}
