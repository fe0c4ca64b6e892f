import { changeProgress, guessesIn, isPassed, type Progress } from "@unblock/progress/progress";
import { exercises } from "@unblock/proto/exercises";

/** The part of a row of the lab's JSON that is kept. */
interface Row {
  readonly exercise: string;
  readonly strategy: string;
  readonly requests: number;
  readonly wall_ms: { readonly median: number };
  readonly errors: number;
  readonly conclusive?: boolean;
}

/**
 * Saves wall times in the learner's progress, for the questions of `npm run learn -- --review`. Inconclusive
 * measurements and those with errors are left out.
 *
 * @returns the state of the course in words; undefined before the first guess or pass
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
  const passed = exercises.filter(({ letter }) => isPassed(state, letter)).length;
  const guesses = guessesIn(state);
  return passed + guesses.length === 0
    ? undefined
    : `Your course: ${passed} of ${exercises.length} passed, ${guesses.length} guessed (${guesses.filter(Boolean).length} right). npm run learn goes on.`;
}

function withRow(measured: Progress["measured"], row: Row): Progress["measured"] {
  const { exercise, strategy, requests: calls, wall_ms: wall } = row;
  const before = measured[exercise];
  // Times of bursts of another size are not comparable.
  const wallMs = before?.calls === calls ? before.wallMs : {};
  return { ...measured, [exercise]: { calls, wallMs: { ...wallMs, [strategy]: wall.median } } };
}
