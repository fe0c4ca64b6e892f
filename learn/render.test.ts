import { notBegun } from "@unblock/progress/progress";
import { expect, test } from "vitest";
import type { ExerciseResult } from "./check/result.ts";
import { praiseFor } from "./render.ts";

const result: ExerciseResult = {
  exercise: "A",
  rpc: "GetUser",
  title: "Database lookup",
  file: "learn/yours/a-get-user.ts",
  verdict: "PASS",
  decided: "blocking-pool",
  steps: [
    { step: "loads", verdict: "PASS", message: "it loads" },
    { step: "overlap", verdict: "PASS", message: "10 of 10 calls of the database at once" },
    { step: "probe", verdict: "PASS", message: "90 % within 5.4 ms" },
    { step: "signal", verdict: "INCONCLUSIVE", message: "others kept the machine busy" },
  ],
  diagnoses: [],
};

test("praises what the evidence shows, and nothing inconclusive", () => {
  expect(praiseFor(result, notBegun)).toEqual([
    expect.stringContaining("10 of 10 calls of the database at once"),
    expect.stringContaining("90 % within 5.4 ms"),
    expect.stringContaining("without a hint"),
  ]);
});

test("begins with the mistakes that were corrected", () => {
  const praise = praiseFor(result, {
    ...notBegun,
    hints: 1,
    mistakes: ["loop-blocked-by-waiting", "signal-ignored"],
  });
  expect(praise).toHaveLength(3);
  expect(praise[0]).toMatch(/loop blocked by waiting, signal ignored/);
  expect(praiseFor(result, { ...notBegun, hints: 1 })).toHaveLength(2);
});
