import { ExercisesService } from "../../gen/unblock/v1/exercises_pb.ts";
import { findExercise } from "../../registry/exercises.ts";
import type { LoadMethod } from "../drivers/driver.ts";

/** The request of call `n` when a person gives none: an exercise's own example, else an empty one. */
export function exampleRequest({ name, parent }: LoadMethod): (n: number) => string {
  const exercise = parent.typeName === ExercisesService.typeName ? findExercise(name) : undefined;
  return exercise?.burst.requestJson ?? (() => "{}");
}
