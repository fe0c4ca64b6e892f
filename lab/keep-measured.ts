import {
  changeProgress,
  isPassed,
  type LabMeasurement,
  type Progress,
  progressOf,
} from "../progress/progress.ts";
import { exercises, isRight } from "../registry/exercises.ts";

/** What the lab's JSON has of a measurement. */
interface Row {
  readonly exercise: string;
  readonly strategy: string;
  readonly requests: number;
  readonly wall_ms: { readonly median: number };
  readonly errors: number;
  readonly conclusive?: boolean;
}

/**
 * Keeps wall times in the learner's progress, where `npm run learn -- --review` asks about them.
 * Inconclusive ones and those with errors are left out.
 *
 * @returns how the learner stands, for a line under the table; undefined when nothing was done yet
 */
export async function keepMeasured(
  rows: readonly Row[],
  path: string,
): Promise<string | undefined> {
  const good = rows.filter(({ errors, conclusive }) => errors === 0 && conclusive !== false);
  const { state } = await changeProgress(path, (progress) => ({
    ...progress,
    measured: good.reduce(withRow, progress.measured),
  }));
  return describe(state);
}

function withRow(
  measured: Progress["measured"],
  { exercise, strategy, requests, wall_ms: { median } }: Row,
): Progress["measured"] {
  const before: LabMeasurement | undefined = measured[exercise];
  // Times of bursts of another size can't be compared.
  const wallMs = before?.calls === requests ? before.wallMs : {};
  return {
    ...measured,
    [exercise]: { calls: requests, wallMs: { ...wallMs, [strategy]: median } },
  };
}

function describe(progress: Progress): string | undefined {
  const passed = exercises.filter(({ letter }) => isPassed(progress, letter)).length;
  const guesses = exercises.flatMap((exercise) => {
    const { guess } = progressOf(progress, exercise.letter);
    return guess === undefined ? [] : [isRight(exercise, guess)];
  });
  return passed + guesses.length === 0
    ? undefined
    : `Your course: ${passed} of ${exercises.length} passed, ${guesses.length} guessed (${guesses.filter(Boolean).length} right). npm run learn goes on.`;
}
