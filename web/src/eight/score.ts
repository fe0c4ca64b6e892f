import { Suitability } from "../../../gen/unblock/v1/exercise_pb.ts";
import { describeLevel, levelOf } from "../../../learn/levels.ts";
import { type Exercise, exercises } from "../../../registry/exercises.ts";

/** The strategy that was guessed first, by the exercise's letter. */
export type Guesses = Readonly<Record<string, string>>;

/** @returns those that name a strategy that their exercise has: what is kept may be old, or damaged */
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

/** Right is what works, be it at a price. */
export function isRight({ strategies }: Exercise, guessed: string): boolean {
  const suitability = strategies.find(({ name }) => name === guessed)?.suitability;
  return suitability === Suitability.RECOMMENDED || suitability === Suitability.WORKS;
}

/** Such as "3 of 5 right", and a level once there is a guess for each. */
export function scoreOf(guessed: Guesses): string {
  const answered = exercises.filter(({ letter }) => guessed[letter] !== undefined);
  const right = answered.filter((exercise) => isRight(exercise, guessed[exercise.letter] ?? ""));
  if (answered.length < exercises.length) {
    return `${right.length} of ${answered.length} right, ${exercises.length - answered.length} to go`;
  }
  return `${right.length}/${exercises.length}: ${describeLevel(levelOf(right.length))}`;
}
