import { describeLevel, levelOf } from "@unblock/learn/levels";
import { exercises, isRight } from "@unblock/proto/exercises";

/** The first guessed strategy, by the exercise's letter. */
export type Guesses = Readonly<Record<string, string>>;

/** Returns the guesses that name an existing strategy. The stored text may be outdated or damaged. */
export function parseGuesses(kept: string | null): Guesses {
  let parsed: unknown;
  try {
    parsed = JSON.parse(kept ?? "{}");
  } catch {
    return {};
  }
  const entries: [string, unknown][] = Object.entries(parsed ?? {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => {
      const exercise = exercises.find(({ letter }) => letter === entry[0]);
      return exercise?.strategies.some(({ name }) => name === entry[1]) ?? false;
    }),
  );
}

/** Counts guesses, such as "Guessed 5 of 8: 4 right". */
export function describeGuesses(guessed: Guesses): string {
  const answered = exercises.filter(({ letter }) => guessed[letter] !== undefined);
  const right = answered.filter((exercise) => isRight(exercise, guessed[exercise.letter] ?? ""));
  return answered.length === 0
    ? "No exercise guessed yet"
    : `Guessed ${answered.length} of ${exercises.length}: ${right.length} right`;
}

/** The course's score: exercises whose check has passed. */
export function describeScore(passed: readonly string[]): string {
  return passed.length === exercises.length
    ? `${passed.length}/${exercises.length}: ${describeLevel(levelOf(passed.length))}`
    : `Score ${passed.length}/${exercises.length} passed`;
}
