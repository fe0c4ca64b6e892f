import { join } from "node:path";
import { exercises } from "../../registry/exercises.ts";
import type { Score, Verdict } from "../check/result.ts";
import { scoreOf } from "../score.ts";
import { type Loaded, loadState, record, saveState, told } from "../state-file.ts";
import { yoursFolder } from "../workspace.ts";

/** How far a learner is with an exercise. */
export interface ExerciseProgress {
  /** How many of its hints have been shown. */
  readonly hints: number;
  /** The verdict of the last check that could tell. */
  readonly last: Exclude<Verdict, "INCONCLUSIVE"> | undefined;
  /** Once passed stays passed: who tries another way afterwards loses nothing. */
  readonly passed: boolean;
  readonly skipped: boolean;
}

/** What survives between sessions. */
export interface Progress {
  /** The letter of the exercise that the learner is at. */
  readonly current: string;
  /** By letter. */
  readonly exercises: Readonly<Record<string, ExerciseProgress>>;
}

export const notBegun: ExerciseProgress = {
  hints: 0,
  last: undefined,
  passed: false,
  skipped: false,
};

export const noProgress: Progress = { current: "A", exercises: {} };

export function progressPath(yours = yoursFolder): string {
  return join(yours, "progress.json");
}

export function loadProgress(path: string): Loaded<Progress> {
  return loadState(path, parseProgress, noProgress);
}

export function saveProgress(progress: Progress, path: string): void {
  saveState(path, progress);
}

export function progressOf({ exercises: all }: Progress, letter: string): ExerciseProgress {
  return all[letter] ?? notBegun;
}

export function withExercise(
  progress: Progress,
  letter: string,
  changed: Partial<ExerciseProgress>,
): Progress {
  const one = { ...progressOf(progress, letter), ...changed };
  return { ...progress, exercises: { ...progress.exercises, [letter]: one } };
}

/** All eight count; of those that nobody has checked yet, it can't be told. */
export function courseScore(progress: Progress): Score {
  return scoreOf(
    exercises.map(({ letter }) => {
      const { passed, last = "INCONCLUSIVE" } = progressOf(progress, letter);
      return { exercise: letter, verdict: passed ? "PASS" : last };
    }),
  );
}

/** @throws Error when it is not what {@link saveProgress} wrote */
function parseProgress(json: unknown): Progress {
  const { current, exercises: all } = record(json, "the progress");
  const letters = exercises.map(({ letter }) => letter);
  if (typeof current !== "string" || !letters.includes(current)) {
    throw new Error(`expected current to be one of ${letters.join(", ")}, got ${told(current)}`);
  }
  const parsed = Object.entries(record(all, "exercises")).map(([letter, one]) => {
    if (!letters.includes(letter)) {
      throw new Error(`expected the letter of an exercise, got ${told(letter)}`);
    }
    return [letter, parseExercise(one, letter)] as const;
  });
  return { current, exercises: Object.fromEntries(parsed) };
}

function parseExercise(json: unknown, letter: string): ExerciseProgress {
  const { hints, last, passed, skipped } = record(json, `exercise ${letter}`);
  if (typeof hints !== "number" || !Number.isInteger(hints) || hints < 0 || hints > 3) {
    throw new Error(`expected hints of ${letter} to be a number from 0 to 3, got ${told(hints)}`);
  }
  if (last !== undefined && last !== "PASS" && last !== "FAIL") {
    throw new Error(`expected last of ${letter} to be PASS or FAIL, got ${told(last)}`);
  }
  if (typeof passed !== "boolean" || typeof skipped !== "boolean") {
    throw new Error(`expected passed and skipped of ${letter} to be true or false`);
  }
  return { hints, last, passed, skipped };
}
