import { expect, test } from "vitest";
import { findExercise } from "../registry/exercises.ts";
import { renderDiagnosis } from "./diagnose/report.ts";
import { exerciseFor } from "./taught-by.ts";
import { wrongAnswers } from "./wrong/expected.ts";

const names = [...new Set(wrongAnswers.map(({ diagnosis }) => diagnosis))];
/** Taught by every exercise, or by none. */
const everywhere = [
  "wrong-answer",
  "wrong-place",
  "slower-than-its-work",
  "tampers-with-the-check",
];

test.each(names.filter((name: string) => !everywhere.includes(name)))(
  "%s is taught by an exercise in which it can be made",
  (name) => {
    const letter = exerciseFor(name) ?? "none";
    expect(findExercise(letter)?.letter).toBe(letter);
  },
);

test("a finding links to the exercise that is about it", () => {
  const about = { finding: "10 reads found 4 threads.", nextStep: "Give it more.", numbers: {} };
  expect(renderDiagnosis({ name: "libuv-pool-saturated", ...about })).toContain(
    "npm run learn -- --exercise D",
  );
  expect(renderDiagnosis({ name: "process-paused", ...about })).not.toContain("npm run learn");
});
