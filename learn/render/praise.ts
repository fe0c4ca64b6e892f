import type { ExerciseProgress } from "../../progress/progress.ts";
import type { ExerciseResult, StepName } from "../check/result.ts";
import { inWords } from "./result.ts";

/** What a step that passed shows the learner to have got right. */
const meanings: Partial<Record<StepName, string>> = {
  overlap: "Your calls waited together instead of in turn",
  bystander: "Others were answered while your calls ran",
  signal: "Nothing goes on for a caller who has disconnected",
  "after-reply": "The event has an owner after the reply",
};

/**
 * What was good about a passed check, from its evidence: a sentence each. What the learner got wrong
 * before and has mended comes first.
 */
export function praiseFor(
  { steps }: ExerciseResult,
  { mistakes, hints }: ExerciseProgress,
): string[] {
  const shown = steps.flatMap(({ step, verdict, message }) => {
    const meaning = meanings[step];
    return verdict === "PASS" && meaning !== undefined ? [`${meaning}: ${message}.`] : [];
  });
  const mended = mistakes.map((name) => inWords(name).toLowerCase());
  return [
    ...(mended.length === 0 ? [] : [`You found and mended: ${mended.join(", ")}.`]),
    ...shown,
    ...(mended.length === 0 && hints === 0 ? ["Right the first time, and without a hint."] : []),
  ];
}
