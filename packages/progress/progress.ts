import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { exercises } from "@unblock/proto/exercises";
import { JsonObject } from "./json.ts";
import { isSignedBy, openKey, publicKeyOf, type Signed } from "./signature.ts";
import {
  changeState,
  type Loaded,
  loadState,
  readState,
  type StateKind,
  yoursFolder,
} from "./state-file.ts";

/** State of a question in the FSRS spaced-repetition scheduler. */
export interface Card {
  /** Milliseconds since 1970, as is `lastMs`. */
  readonly dueMs: number;
  readonly lastMs: number;
  readonly stability: number;
  readonly difficulty: number;
  readonly scheduledDays: number;
  readonly learningSteps: number;
  /** How often the question was asked. */
  readonly reps: number;
  /** How often it was forgotten. */
  readonly lapses: number;
  readonly state: number;
}

/** Evidence of a passed check. */
export interface PassStatement {
  /** The exercise's letter. */
  readonly exercise: string;
  /** ISO 8601. */
  readonly checkedAt: string;
  /** The check's result, as `npm run check -- --json` prints it. */
  readonly result: unknown;
  /** The file that passed. */
  readonly source: string;
  readonly machine: { readonly cores: number; readonly node: string; readonly platform: string };
}

export type Pass = Signed<PassStatement>;

/** A learner's progress in one exercise. */
export interface ExerciseProgress {
  /** Hints shown, 0 to 3. */
  readonly hints: number;
  /** Verdict of the last conclusive check. */
  readonly last: "PASS" | "FAIL" | undefined;
  readonly skipped: boolean;
  /** First strategy guessed on the page; later guesses do not count. */
  readonly guess: string | undefined;
  /** The last check's result, parsed by `learn`. */
  readonly result: unknown;
  /** Names of the diagnoses of earlier checks. */
  readonly mistakes: readonly string[];
  /** The latest pass. A later FAIL does not remove it. */
  readonly pass: Pass | undefined;
}

/** Wall times of an exercise's strategies in the lab's last run on this machine. */
export interface LabMeasurement {
  readonly calls: number;
  /** Median by strategy. */
  readonly wallMs: Readonly<Record<string, number>>;
}

/** Everything that course, check, quiz, review, lab and page store about a learner. */
export interface Progress {
  /** Letter of the exercise that the course shows. */
  readonly current: string;
  /** By letter. */
  readonly exercises: Readonly<Record<string, ExerciseProgress>>;
  /** By the question's id: an exercise's letter or a quiz question's. Unknown ids are kept. */
  readonly cards: Readonly<Record<string, Card>>;
  /** By letter. */
  readonly measured: Readonly<Record<string, LabMeasurement>>;
}

export const notBegun: ExerciseProgress = {
  hints: 0,
  last: undefined,
  skipped: false,
  guess: undefined,
  result: undefined,
  mistakes: [],
  pass: undefined,
};

export const noProgress: Progress = { current: "A", exercises: {}, cards: {}, measured: {} };

const letters = exercises.map(({ letter }) => letter);
const maxCards = 500;
const maxMistakes = 40;

export function progressPath(yours: string = yoursFolder): string {
  return join(yours, "progress.json");
}

/**
 * Reads the progress. Passes without a valid signature of the folder's key are dropped and
 * reported.
 */
export function loadProgress(path: string): Loaded<Progress> {
  return withSignedPasses(loadState(path, kind), path);
}

/** Does what {@link loadProgress} does without blocking the thread. */
export async function readProgress(path: string): Promise<Loaded<Progress>> {
  return withSignedPasses(await readState(path, kind), path);
}

/** Changes the progress, under a lock that other processes respect. */
export async function changeProgress(
  path: string,
  change: (progress: Progress) => Progress,
): Promise<Loaded<Progress>> {
  return withSignedPasses(await changeState(path, kind, change), path);
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

/**
 * Records the first guess of an exercise; later ones are ignored, because the answer is known by
 * then.
 */
export function withGuess(progress: Progress, letter: string, strategy: string): Progress {
  return progressOf(progress, letter).guess === undefined
    ? withExercise(progress, letter, { guess: strategy })
    : progress;
}

export function withoutGuesses(progress: Progress): Progress {
  const forgotten = Object.entries(progress.exercises).map(([letter, one]) => [
    letter,
    { ...one, guess: undefined },
  ]);
  return { ...progress, exercises: Object.fromEntries(forgotten) };
}

function withSignedPasses({ state, notice }: Loaded<Progress>, path: string): Loaded<Progress> {
  const claimed = letters.filter((letter) => isPassed(state, letter));
  const yours = dirname(path);
  const key = existsSync(join(yours, "key.pem")) ? publicKeyOf(openKey(yours)) : "";
  const unsigned = claimed.filter((letter) => {
    const { pass } = progressOf(state, letter);
    return pass?.statement.exercise !== letter || !isSignedBy(pass, key);
  });
  if (unsigned.length === 0) {
    return { state, notice };
  }
  const dropped = `The pass of ${unsigned.join(", ")} in progress.json is not signed by this folder's key.pem, so it does not count. Check it again.`;
  return {
    state: unsigned.reduce(
      (progress, letter) => withExercise(progress, letter, { pass: undefined }),
      state,
    ),
    notice: [notice, dropped].filter((one) => one !== undefined).join(" "),
  };
}

const kind: StateKind<Progress> = {
  fresh: noProgress,
  parse: (json) => {
    const progress = new JsonObject(json, "the progress");
    const optional = (field: string) => progress.optional(field, progress.object);
    const cards = optional("cards")?.map((id, card) => parseCard(new JsonObject(card, id))) ?? {};
    if (Object.keys(cards).length > maxCards) {
      throw new Error(`expected at most ${maxCards} cards, got ${Object.keys(cards).length}`);
    }
    return {
      current: progress.oneOf("current", letters),
      exercises: progress.object("exercises").map(byLetter(parseExercise)),
      cards,
      measured: optional("measured")?.map(byLetter(parseMeasurement)) ?? {},
    };
  },
};

function byLetter<Value>(
  parse: (one: JsonObject) => Value,
): (letter: string, json: unknown) => Value {
  return (letter, json) => {
    if (!letters.includes(letter)) {
      throw new Error(`expected the letter of an exercise, got "${letter}"`);
    }
    return parse(new JsonObject(json, letter));
  };
}

function parseExercise(json: JsonObject): ExerciseProgress {
  const mistakes = json.optional("mistakes", json.list) ?? [];
  if (!isStrings(mistakes) || mistakes.length > maxMistakes) {
    throw new Error(`expected mistakes to be at most ${maxMistakes} names, got another list`);
  }
  return {
    hints: json.number("hints", 3),
    last: json.optional("last", (field) => json.oneOf(field, ["PASS", "FAIL"])),
    skipped: json.boolean("skipped"),
    guess: json.optional("guess", json.string),
    result: json.value("result"),
    mistakes,
    pass: json.optional("pass", (field) => parsePass(json.object(field))),
  };
}

/** @throws Error when `json` does not have the shape of a pass; its signature is not verified */
export function parsePass(json: JsonObject): Pass {
  const statement = json.object("statement");
  const machine = statement.object("machine");
  return {
    statement: {
      exercise: statement.string("exercise"),
      checkedAt: statement.string("checkedAt"),
      result: statement.value("result"),
      source: statement.string("source"),
      machine: {
        cores: machine.number("cores"),
        node: machine.string("node"),
        platform: machine.string("platform"),
      },
    },
    signature: json.string("signature"),
  };
}

function parseCard(json: JsonObject): Card {
  return {
    dueMs: json.number("dueMs"),
    lastMs: json.number("lastMs"),
    stability: json.number("stability"),
    difficulty: json.number("difficulty"),
    scheduledDays: json.number("scheduledDays"),
    learningSteps: json.number("learningSteps"),
    reps: json.number("reps"),
    lapses: json.number("lapses"),
    state: json.number("state"),
  };
}

function parseMeasurement(json: JsonObject): LabMeasurement {
  const wallMs = json.object("wallMs");
  return { calls: json.number("calls"), wallMs: wallMs.map((strategy) => wallMs.number(strategy)) };
}

function isStrings(values: readonly unknown[]): values is readonly string[] {
  return values.every((value) => typeof value === "string");
}
