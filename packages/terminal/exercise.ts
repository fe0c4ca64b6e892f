import { type Exercise, exercises, findExercise } from "@unblock/proto/exercises";
import { InvalidArgumentError } from "commander";

/** Parses an exercise's letter or RPC. */
export function exercise(text: string): Exercise {
  const found = findExercise(text);
  if (found === undefined) {
    const letters = exercises.map(({ letter }) => letter).join(", ");
    throw new InvalidArgumentError(`Expected one of ${letters}, got "${text}".`);
  }
  return found;
}
