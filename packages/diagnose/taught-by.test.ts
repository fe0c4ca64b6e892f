import { findExercise } from "@unblock/proto/exercises";
import { expect, test } from "vitest";
import { taughtBy } from "./diagnosis.ts";
import { renderDiagnosis } from "./report.ts";

const taught = Object.entries(taughtBy).filter(([, letter]) => letter !== undefined);

test.each(taught)("%s is taught by exercise %s, which exists", (_, letter) => {
  expect(findExercise(letter ?? "")?.letter).toBe(letter);
});

test("a diagnosis links to the exercise that teaches it", () => {
  const about = { finding: "10 reads found 4 threads.", nextStep: "Give it more.", numbers: {} };
  expect(renderDiagnosis({ name: "libuv-pool-saturated", ...about })).toContain(
    "npm run learn -- --exercise D",
  );
  expect(renderDiagnosis({ name: "process-paused", ...about })).not.toContain("npm run learn");
});
