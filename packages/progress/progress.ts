import { existsSync, readFileSync, renameSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { exercises, isRight } from "@unblock/proto/exercises";
import { z } from "zod";
import { isSignedBy, openKey, publicKeyOf } from "./signature.ts";
import { asidePath, shown, withLock, yoursFolder } from "./yours-folder.ts";

const letters = exercises.map(({ letter }) => letter);
const letter = z.string().refine((text) => letters.includes(text), "expected an exercise's letter");
const amount = z.number().min(0);

/** State of a question in ts-fsrs, the spaced-repetition scheduler, with times in milliseconds since 1970. */
const cardSchema = z.object({
  dueMs: amount,
  lastMs: amount,
  stability: amount,
  difficulty: amount,
  elapsed_days: amount,
  scheduled_days: amount,
  learning_steps: amount,
  /** How often the question was asked. */
  reps: amount,
  /** How often it was forgotten. */
  lapses: amount,
  state: amount,
});

/** Evidence of a passed check, signed. */
export const passSchema = z.object({
  statement: z.object({
    exercise: z.string(),
    /** ISO 8601. */
    checkedAt: z.string(),
    /** The check's result, as `npm run check -- --json` prints it. */
    result: z.unknown(),
    /** The file that passed. */
    source: z.string(),
    machine: z.object({ cores: amount, node: z.string(), platform: z.string() }),
  }),
  signature: z.string(),
});

/** A learner's progress in one exercise. */
const exerciseSchema = z.object({
  /** Hints shown. */
  hints: amount.max(3),
  /** Verdict of the last conclusive check. */
  last: z.enum(["PASS", "FAIL"]).optional(),
  skipped: z.boolean(),
  /** First strategy guessed on the page; later guesses do not count. */
  guess: z.string().optional(),
  /** The last check's result, parsed by `learn`. */
  result: z.unknown().optional(),
  /** Names of the diagnoses of earlier checks. */
  mistakes: z.array(z.string()).readonly().default([]),
  /** The latest pass. A later FAIL does not remove it. */
  pass: passSchema.optional(),
});

/** Wall times of an exercise's strategies in the lab's last run on this machine: medians by strategy. */
const measurementSchema = z.object({ calls: amount, wallMs: z.record(z.string(), amount) });

/** Everything that course, check, quiz, review, lab and page store about a learner. */
const progressSchema = z.object({
  /** The exercise that the course shows. */
  current: letter,
  exercises: z.record(letter, exerciseSchema),
  /** By the question's id: an exercise's letter or a quiz question's. Unknown ids are kept. */
  cards: z.record(z.string(), cardSchema).default({}),
  measured: z.record(letter, measurementSchema).default({}),
});

export type Card = Readonly<z.infer<typeof cardSchema>>;
export type Pass = Readonly<z.infer<typeof passSchema>>;
export type PassStatement = Pass["statement"];
export type ExerciseProgress = Readonly<z.infer<typeof exerciseSchema>>;
export type LabMeasurement = Readonly<z.infer<typeof measurementSchema>>;
export type Progress = Readonly<z.infer<typeof progressSchema>>;

/** Progress read from its file. */
export interface Loaded {
  readonly state: Progress;
  /** Message for the learner when the file was damaged or has a pass that does not count. */
  readonly notice: string | undefined;
}

export const notBegun: ExerciseProgress = { hints: 0, skipped: false, mistakes: [] };

export const noProgress: Progress = { current: "A", exercises: {}, cards: {}, measured: {} };

/** Larger files are not ours. */
const maxLength = 4_000_000;

export function progressPath(yours: string = yoursFolder): string {
  return join(yours, "progress.json");
}

/**
 * Reads the progress. A damaged file is moved aside and reported, and the progress is fresh. Passes without a
 * valid signature of the folder's key are dropped and reported.
 */
export function loadProgress(path: string): Loaded {
  const text = existsSync(path) ? readFileSync(path, "utf8") : undefined;
  return withSignedPasses(parse(text, path), path);
}

/** Does what {@link loadProgress} does without blocking the thread. */
export async function readProgress(path: string): Promise<Loaded> {
  return withSignedPasses(parse(await readText(path), path), path);
}

/**
 * Changes the progress, under a lock that other processes respect. Readers see the old file or the new one,
 * also after a crash.
 */
export async function changeProgress(
  path: string,
  change: (progress: Progress) => Progress,
): Promise<Loaded> {
  await mkdir(dirname(path), { recursive: true });
  return withLock(path, async () => {
    const { state, notice } = parse(await readText(path), path);
    const changed = change(state);
    if (changed !== state) {
      const draft = `${path}.draft`;
      await writeFile(draft, `${JSON.stringify(changed, undefined, 2)}\n`);
      await rename(draft, path);
    }
    return withSignedPasses({ state: changed, notice }, path);
  });
}

export function progressOf({ exercises: all }: Progress, letter: string): ExerciseProgress {
  return all[letter] ?? notBegun;
}

export function isPassed(progress: Progress, letter: string): boolean {
  return progressOf(progress, letter).pass !== undefined;
}

export function withExercise(
  progress: Progress,
  letter: string,
  changed: Partial<ExerciseProgress>,
): Progress {
  const one = { ...progressOf(progress, letter), ...changed };
  return { ...progress, exercises: { ...progress.exercises, [letter]: one } };
}

/** Forgets what an exercise's stub makes void: hints and the last check, but not a pass. */
export function withReset(progress: Progress, letter: string): Progress {
  const changed = { hints: 0, last: undefined, skipped: false, result: undefined };
  return withExercise(progress, letter, changed);
}

/** Records the first guess of an exercise; later ones are ignored, because the answer is known by then. */
export function withGuess(progress: Progress, letter: string, strategy: string): Progress {
  return progressOf(progress, letter).guess === undefined
    ? withExercise(progress, letter, { guess: strategy })
    : progress;
}

/** Whether each guess was right, of the exercises with a guess. */
export function guessesIn(progress: Progress): boolean[] {
  return exercises.flatMap((exercise) => {
    const { guess } = progressOf(progress, exercise.letter);
    return guess === undefined ? [] : [isRight(exercise, guess)];
  });
}

export function withoutGuesses(progress: Progress): Progress {
  const guessed = Object.keys(progress.exercises);
  return guessed.reduce((now, one) => withExercise(now, one, { guess: undefined }), progress);
}

function withSignedPasses({ state, notice }: Loaded, path: string): Loaded {
  const yours = dirname(path);
  const key = existsSync(join(yours, "key.pem")) ? publicKeyOf(openKey(yours)) : "";
  const unsigned = letters.filter((letter) => {
    const { pass } = progressOf(state, letter);
    return pass && (pass.statement.exercise !== letter || !isSignedBy(pass, key));
  });
  if (unsigned.length === 0) {
    return { state, notice };
  }
  const dropped = `The pass of ${unsigned.join(", ")} in progress.json is not signed by this folder's key.pem, so it does not count. Check it again.`;
  return {
    state: unsigned.reduce((now, one) => withExercise(now, one, { pass: undefined }), state),
    notice: notice === undefined ? dropped : `${notice} ${dropped}`,
  };
}

async function readText(path: string): Promise<string | undefined> {
  return existsSync(path) ? readFile(path, "utf8") : undefined;
}

/** @param text undefined when there is no file */
function parse(text: string | undefined, path: string): Loaded {
  if (text === undefined) {
    return { state: noProgress, notice: undefined };
  }
  try {
    if (text.length > maxLength) {
      throw new Error(`expected at most ${maxLength} characters, got ${text.length}`);
    }
    return { state: progressSchema.parse(JSON.parse(text)), notice: undefined };
  } catch (error) {
    const aside = asidePath(dirname(path), basename(path), new Date());
    renameSync(path, aside);
    const notice = `${shown(path)} was damaged (${problemOf(error)}). It was moved to ${shown(aside)}; your progress starts over.`;
    return { state: noProgress, notice };
  }
}

export function problemOf(error: unknown): string {
  const [issue] = error instanceof z.ZodError ? error.issues : [];
  return issue === undefined ? String(error) : `${issue.path.join(".")}: ${issue.message}`;
}
