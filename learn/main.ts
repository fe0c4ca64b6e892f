import { Command, InvalidArgumentError } from "commander";
import { fail } from "../cli/fail.ts";
import { type Exercise, exercises, findExercise } from "../registry/exercises.ts";
import { checkExercise } from "./check/check-exercise.ts";
import {
  loadProgress,
  notBegun,
  progressPath,
  saveProgress,
  withExercise,
} from "./course/progress.ts";
import { runCourse } from "./course/run.ts";
import { renderWithoutTerminal } from "./course/without-terminal.ts";
import { cardsPath } from "./quiz/cards.ts";
import { runQuiz } from "./quiz/run.ts";
import { prepareWorkspace, resetExercise, shown, yourFile, yoursFolder } from "./workspace.ts";

const example = `
Examples:
  npm run learn
  npm run learn -- --reset A
  npm run learn -- --quiz`;

interface Flags {
  readonly reset?: Exercise;
  readonly quiz?: boolean;
}

const command = new Command("npm run learn --")
  .description("The course: decide, implement, check, read why. On a terminal, a key at a time.")
  .option("--reset <letter>", "put an exercise's stub back, and keep your version aside", exercise)
  .option("--quiz", "decide for six other scenarios, and see each measured here")
  .addHelpText("after", example)
  .allowExcessArguments(false);

const flags = command.parse().opts<Flags>();
const hasTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== "dumb";

try {
  if (flags.reset !== undefined) {
    reset(flags.reset);
  } else if (!hasTerminal) {
    prepareWorkspace();
    const { state, notice } = loadProgress(progressPath());
    process.stdout.write(renderWithoutTerminal(state));
    process.stderr.write(notice === undefined ? "" : `${notice}\n`);
  } else if (flags.quiz) {
    await runQuiz(cardsPath);
  } else {
    await runCourse(yoursFolder, checkExercise);
    // A check that still goes on would keep the process; what it started ends with it.
    process.exit(0);
  }
} catch (error) {
  fail(error);
}

function reset(exercise: Exercise): void {
  const aside = resetExercise(exercise, new Date());
  const path = progressPath();
  const { state } = loadProgress(path);
  saveProgress(withExercise(state, exercise.letter, notBegun), path);
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
