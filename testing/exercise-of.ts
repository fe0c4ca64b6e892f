import { type Exercise, findExercise } from "../registry/exercises.ts";

/** The exercise with this letter, which must be there. */
export function exerciseOf(letter: string): Exercise {
  const exercise = findExercise(letter);
  if (!exercise) {
    throw new Error(`Expected the schema to have an exercise ${letter}`);
  }
  return exercise;
}
