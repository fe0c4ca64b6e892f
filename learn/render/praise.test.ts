import { expect, test } from "vitest";
import { notBegun } from "../../progress/progress.ts";
import type { ExerciseResult } from "../check/result.ts";
import { praiseFor } from "./praise.ts";

const result: ExerciseResult = {
  exercise: "A",
  rpc: "GetUser",
  title: "Database lookup",
  file: "learn/yours/a-get-user.ts",
  verdict: "PASS",
  decided: "threads",
  steps: [
    { step: "loads", verdict: "PASS", message: "it loads" },
    { step: "overlap", verdict: "PASS", message: "10 of 10 calls of the database at once" },
    { step: "bystander", verdict: "PASS", message: "90 % within 5.4 ms" },
    { step: "signal", verdict: "INCONCLUSIVE", message: "others kept the machine busy" },
  ],
  diagnoses: [],
};

test("names what the evidence showed, and nothing that it did not", () => {
  expect(praiseFor(result, notBegun)).toEqual([
    "Your calls waited together instead of in turn: 10 of 10 calls of the database at once.",
    "Others were answered while your calls ran: 90 % within 5.4 ms.",
    "Right the first time, and without a hint.",
  ]);
});

test("begins with what was wrong before and has been mended", () => {
  const praise = praiseFor(result, {
    ...notBegun,
    hints: 1,
    mistakes: ["loop-blocked-by-waiting", "signal-ignored"],
  });
  expect(praise[0]).toBe("You found and mended: loop blocked by waiting, signal ignored.");
  expect(praise.join(" ")).not.toContain("first time");
  expect(praiseFor(result, { ...notBegun, hints: 1 }).join(" ")).not.toContain("without a hint");
});
