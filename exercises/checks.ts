import { type Exercise, exercises } from "@unblock/proto/exercises";
import { ExerciseCheck, type Plan } from "./check-plan.ts";
import { exerciseFile } from "./folder.ts";

const checks = new Map(
  await Promise.all(
    exercises.map(async (exercise) => [exercise.letter, await loadCheck(exercise)] as const),
  ),
);

/** How an exercise's answers are checked, from the `check.ts` of its folder. */
export function checkOf({ letter }: Exercise): ExerciseCheck {
  const check = checks.get(letter);
  if (check === undefined) {
    throw new Error(`Expected an exercise of the schema, got ${letter}`);
  }
  return check;
}

export function planOf(exercise: Exercise): Plan {
  return checkOf(exercise).plan;
}

async function loadCheck(exercise: Exercise): Promise<ExerciseCheck> {
  const file = exerciseFile(exercise, "check.ts");
  const module: { readonly default?: unknown } = await import(file);
  if (!(module.default instanceof ExerciseCheck)) {
    throw new Error(`Expected ${file} to export an ExerciseCheck as default`);
  }
  return module.default;
}
