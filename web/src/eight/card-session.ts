import type { Exercise } from "../../../registry/exercises.ts";
import { createRaceSession, type RaceWish } from "../race/race-session.ts";

const mostStrategies = 4;

/** The race of the card that was guessed last. */
export const cardSession = createRaceSession();

/** The guess against the recommended one, and as many others as a race may have. */
export function raceOfGuess(exercise: Exercise, guessed: string): RaceWish {
  // The last in the schema freeze the most, and are what to see.
  const others = exercise.strategies.map(({ name }) => name).reverse();
  const strategies = new Set([exercise.recommended, guessed, ...others]);
  return {
    exercise: exercise.letter,
    strategies: [...strategies].slice(0, mostStrategies),
    calls: 0,
  };
}
