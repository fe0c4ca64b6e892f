import { type Exercise, exercises } from "../../registry/exercises.ts";
import type { CreateExercise, House } from "./exercise.ts";

/** An exercise of the schema with the code that does its work. */
export interface ServedExercise {
  readonly exercise: Exercise;
  readonly handler: ReturnType<CreateExercise>;
}

/**
 * Finds the folder of every exercise in the schema: `GetUser` lives in `get-user/`.
 *
 * @throws Error when a folder and the schema do not name the same strategies
 */
export function loadExercises(house: House): Promise<readonly ServedExercise[]> {
  return Promise.all(
    exercises.map(async (exercise) => {
      const folder = exercise.rpc.replace(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();
      const module: { default: CreateExercise } = await import(`./${folder}/strategies.ts`);
      const handler = module.default(house);
      assertSameStrategies(exercise, Object.keys(handler.strategies), folder);
      return { exercise, handler };
    }),
  );
}

function assertSameStrategies({ rpc, allStrategies }: Exercise, built: string[], folder: string) {
  const named = allStrategies.map(({ name }) => name);
  const missing = named.filter((name) => !built.includes(name));
  const unnamed = built.filter((name) => !named.includes(name));
  if (missing.length > 0 || unnamed.length > 0) {
    throw new Error(
      `Expected exercises/${folder}/strategies.ts to have the strategies of ${rpc} in the schema ` +
        `(${named.join(", ")}); missing: ${missing.join(", ") || "none"}, ` +
        `not in the schema: ${unnamed.join(", ") || "none"}`,
    );
  }
}
