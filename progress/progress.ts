import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { exercises } from "../registry/exercises.ts";
import { type Card, parseCard } from "./card.ts";
import { yoursFolder } from "./files.ts";
import { isSignedBy, openKey, publicKeyOf, type Signed } from "./signature.ts";
import {
  changeState,
  type Loaded,
  loadState,
  quoted,
  readState,
  record,
  type StateKind,
} from "./state-file.ts";

/** Evidence of a passed check. */
export interface PassStatement {
  /** The exercise's letter. */
  readonly exercise: string;
  /** ISO 8601. */
  readonly checkedAt: string;
  /** What the check found, as `npm run check -- --json` prints it. */
  readonly result: unknown;
  /** The file that passed. */
  readonly source: string;
  readonly machine: { readonly cores: number; readonly node: string; readonly platform: string };
}

export type Pass = Signed<PassStatement>;

/** How far a learner is with an exercise. */
export interface ExerciseProgress {
  /** Hints shown, 0 to 3. */
  readonly hints: number;
  /** Verdict of the last check that was conclusive. */
  readonly last: "PASS" | "FAIL" | undefined;
  readonly skipped: boolean;
  /** First strategy that was guessed on the page; later guesses do not count. */
  readonly guess: string | undefined;
  /** The last check's result; `learn` reads it. */
  readonly result: unknown;
  /** Names of the mistakes that earlier checks found. */
  readonly mistakes: readonly string[];
  /** Undefined until the first pass, and kept afterwards: whoever tries another way loses nothing. */
  readonly pass: Pass | undefined;
}

/** Wall times of an exercise's strategies, as the lab measured them here last. */
export interface LabMeasurement {
  readonly calls: number;
  /** Median by strategy. */
  readonly wallMs: Readonly<Record<string, number>>;
}

/** Everything that course, check, quiz, review, lab and page remember of a learner. */
export interface Progress {
  /** Letter of the exercise that the course shows. */
  readonly current: string;
  /** By letter. */
  readonly exercises: Readonly<Record<string, ExerciseProgress>>;
  /** When each question is asked again, by its id. Ids of questions that are gone do no harm. */
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

/** Reads the progress. Passes that the workspace's key has not signed are left out and reported. */
export function loadProgress(path: string): Loaded<Progress> {
  return withSignedPasses(loadState(path, kind), path);
}

/** The same, without blocking the thread. */
export async function readProgress(path: string): Promise<Loaded<Progress>> {
  return withSignedPasses(await readState(path, kind), path);
}

/** Changes the progress, which several processes may do at once. */
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

/** Records a guess; the first one of an exercise counts, as afterwards the answer is known. */
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
    const { current, exercises: all, cards = {}, measured = {} } = record(json, "the progress");
    if (typeof current !== "string" || !letters.includes(current)) {
      throw new Error(
        `expected current to be one of ${letters.join(", ")}, got ${quoted(current)}`,
      );
    }
    const knownCards = Object.entries(record(cards, "cards"));
    if (knownCards.length > maxCards) {
      throw new Error(`expected at most ${maxCards} cards, got ${knownCards.length}`);
    }
    return {
      current,
      exercises: byLetter(all, "exercises", parseExercise),
      cards: Object.fromEntries(knownCards.map(([id, card]) => [id, parseCard(card, id)])),
      measured: byLetter(measured, "measured", parseMeasurement),
    };
  },
};

function byLetter<Value>(
  json: unknown,
  what: string,
  parse: (json: unknown, letter: string) => Value,
): Readonly<Record<string, Value>> {
  const entries = Object.entries(record(json, what)).map(([letter, one]) => {
    if (!letters.includes(letter)) {
      throw new Error(`expected the letter of an exercise in ${what}, got ${quoted(letter)}`);
    }
    return [letter, parse(one, letter)] as const;
  });
  return Object.fromEntries(entries);
}

function parseExercise(json: unknown, letter: string): ExerciseProgress {
  const {
    hints,
    last,
    skipped,
    guess,
    result,
    mistakes = [],
    pass,
  } = record(json, `exercise ${letter}`);
  if (typeof hints !== "number" || !Number.isInteger(hints) || hints < 0 || hints > 3) {
    throw new Error(`expected hints of ${letter} to be a number from 0 to 3, got ${quoted(hints)}`);
  }
  if (last !== undefined && last !== "PASS" && last !== "FAIL") {
    throw new Error(`expected last of ${letter} to be PASS or FAIL, got ${quoted(last)}`);
  }
  if (typeof skipped !== "boolean") {
    throw new Error(`expected skipped of ${letter} to be true or false, got ${quoted(skipped)}`);
  }
  if (guess !== undefined && typeof guess !== "string") {
    throw new Error(`expected guess of ${letter} to be a strategy, got ${quoted(guess)}`);
  }
  if (!isTexts(mistakes) || mistakes.length > maxMistakes) {
    throw new Error(`expected mistakes of ${letter} to be names, got ${quoted(mistakes)}`);
  }
  return {
    hints,
    last,
    skipped,
    guess,
    result,
    mistakes,
    pass: pass === undefined ? undefined : parsePass(pass, letter),
  };
}

/** @throws Error when it has not the shape of a pass; who signed it is another question */
export function parsePass(json: unknown, letter: string): Pass {
  const { statement, signature } = record(json, `pass of ${letter}`);
  const { exercise, checkedAt, result, source, machine } = record(
    statement,
    `statement of ${letter}`,
  );
  const { cores, node, platform } = record(machine, `machine of ${letter}`);
  if (
    typeof signature !== "string" ||
    typeof exercise !== "string" ||
    typeof checkedAt !== "string" ||
    typeof source !== "string" ||
    typeof cores !== "number" ||
    typeof node !== "string" ||
    typeof platform !== "string"
  ) {
    throw new Error(`expected the pass of ${letter} to have all its fields, got another shape`);
  }
  return {
    statement: { exercise, checkedAt, result, source, machine: { cores, node, platform } },
    signature,
  };
}

function parseMeasurement(json: unknown, letter: string): LabMeasurement {
  const { calls, wallMs } = record(json, `what was measured of ${letter}`);
  const times = Object.entries(record(wallMs, `wallMs of ${letter}`)).map(([strategy, ms]) => {
    if (typeof ms !== "number" || !(ms >= 0)) {
      throw new Error(`expected wallMs of ${letter} to be numbers, got ${quoted(ms)}`);
    }
    return [strategy, ms] as const;
  });
  if (typeof calls !== "number") {
    throw new Error(`expected calls of ${letter} to be a number, got ${quoted(calls)}`);
  }
  return { calls, wallMs: Object.fromEntries(times) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
