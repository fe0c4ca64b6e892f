import { resolve } from "node:path";
import {
  changeProgress,
  loadProgress,
  type Progress,
  progressOf,
  progressPath,
  withReset,
} from "@unblock/progress/progress";
import { type Exercise, exercises } from "@unblock/proto/exercises";
import { exercise } from "@unblock/terminal/exercise";
import { fail } from "@unblock/terminal/process";
import { plainPaint } from "@unblock/terminal/text";
import { Command } from "commander";
import { checkExercise } from "./check/check-exercise.ts";
import { renderMark } from "./course/frame.ts";
import { runCourse } from "./course/run.ts";
import { runQuiz, runReview } from "./quiz/run.ts";
import { runVerify, writeResultFile } from "./result-file.ts";
import { describeMemory, renderScore, scoreOfProgress } from "./score.ts";
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
read or is not a result file.`;

interface Flags {
  readonly exercise?: Exercise;
  readonly reset?: Exercise;
  readonly quiz?: boolean;
  readonly review?: boolean;
  readonly result?: string;
  readonly verify?: string;
}

const command = new Command("npm run learn --")
  .description("Runs the course on a terminal: decide, implement, check, read why.")
  .option("--exercise <letter>", "begin with this exercise", exercise)
  .option("--reset <letter>", "restore an exercise's stub and keep your version", exercise)
  .option("--quiz", "decide in six other scenarios and see each measured on this machine")
  .option("--review", "answer questions about earlier exercises again, with other figures")
  .option("--result <file>", "write your result to a signed file")
  .option("--verify <file>", "verify a result file offline")
  .addHelpText("after", example)
  .allowExcessArguments(false);

const flags = command.parse().opts<Flags>();
const hasTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== "dumb";

try {
  if (flags.verify !== undefined) {
    process.exitCode = runVerify(flags.verify);
  } else if (flags.result !== undefined) {
    const file = writeResultFile(load(), yoursFolder, resolve(flags.result));
    process.stdout.write(
      `Your result is in ${file}. Verify it: npm run learn -- --verify ${flags.result}\n`,
    );
  } else if (flags.reset !== undefined) {
    await reset(flags.reset);
  } else if (!hasTerminal) {
    prepareWorkspace();
    process.stdout.write(`${renderWithoutTerminal(load()).join("\n")}\n`);
  } else if (flags.quiz) {
    await runQuiz(progressPath());
  } else if (flags.review) {
    await runReview(progressPath());
  } else {
    await runCourse(yoursFolder, checkExercise, flags.exercise?.letter);
    // A check in progress would keep the process alive; its children end with the process.
    process.exit(0);
  }
} catch (error) {
  fail(error);
}

function load(): Progress {
  const { state, notice } = loadProgress(progressPath());
  process.stderr.write(notice === undefined ? "" : `${notice}\n`);
  return state;
}

function renderWithoutTerminal(progress: Progress): string[] {
  return [
    "The course runs on a terminal: type `npm run learn` in one. Without a terminal:",
    "",
    `  1. Edit a file in ${shown(yoursFolder)}: read its scenario, decide, write the handler.`,
    "  2. npm run check -- A           names what is wrong with it; after a pass it says why.",
    "     npm run check -- --watch     checks each file when you save it.",
    "  3. npm run learn -- --reset A   restores its stub and keeps your version.",
    "",
    ...exercises.map((exercise) => {
      const mark = renderMark(progressOf(progress, exercise.letter), plainPaint);
      return `  ${mark} ${exercise.letter}  ${exercise.title.padEnd(38)} ${shown(yourFile(exercise))}`;
    }),
    "",
    ...renderScore(scoreOfProgress(progress)),
    ...describeMemory(progress, Date.now()),
  ];
}

async function reset(exercise: Exercise): Promise<void> {
  const aside = resetExercise(exercise, new Date());
  await changeProgress(progressPath(), (progress) => withReset(progress, exercise.letter));
  const kept = aside === undefined ? "" : ` Your version is now ${shown(aside)}`;
  process.stdout.write(`The stub ${shown(yourFile(exercise))} is restored.${kept}\n`);
}
