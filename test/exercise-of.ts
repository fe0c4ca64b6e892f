import { type Exercise, findExercise } from "@unblock/proto/exercises";

/** The exercise with a letter. @throws Error if the schema has none */
export function exerciseOf(letter: string): Exercise {
  const exercise = findExercise(letter);
  if (!exercise) {
    throw new Error(`Expected the schema to have an exercise ${letter}`);
  }
  return exercise;
}
