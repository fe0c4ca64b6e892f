import { type Exercise, exercises } from "@unblock/proto/exercises";
import type { Plan } from "./check-plan.ts";
import { exerciseFile } from "./exercise.ts";

const plans = new Map(
  await Promise.all(
    exercises.map(async (exercise) => {
      const module: { default: Plan } = await import(exerciseFile(exercise, "check.ts"));
      return [exercise.letter, module.default] as const;
    }),
  ),
);

/** How an exercise's answers are checked, from the `check.ts` of its folder. */
export function planOf({ letter }: Exercise): Plan {
  const plan = plans.get(letter);
  if (plan === undefined) {
    throw new Error(`Expected an exercise of the schema, got ${letter}`);
  }
  return plan;
}
