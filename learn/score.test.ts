import { readFileSync } from "node:fs";
import { noProgress, withExercise } from "@unblock/progress/progress";
import { unsignedPass } from "@unblock/progress/testing/passes";
import { exercises } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import { readingFor } from "./book/book.ts";
import type { Verdict } from "./check/result.ts";
import { renderScore, scoreOf, scoreOfProgress } from "./score.ts";

const letters = exercises.map(({ letter }) => letter);

function results(passed: number, rest: Verdict = "FAIL") {
  return letters.map((exercise, index) => ({
    exercise,
    verdict: index < passed ? ("PASS" as const) : rest,
  }));
}

test.each([
  [8, "Expert"],
  [7, "Solid"],
  [6, "Solid"],
  [5, "Getting there"],
  [4, "Getting there"],
  [3, "Review"],
  [0, "Review"],
])("%i of 8 have the specification's level", (passed, level) => {
  const score = scoreOf(results(passed));
  expect(score).toMatchObject({ passed, of: 8, level: expect.stringContaining(level) });
  expect(score.review).toEqual(letters.slice(passed));
});

test("has no level when some exercises were not checked", () => {
  const score = scoreOf(results(8).slice(0, 3));
  expect(score).toEqual({ passed: 3, of: 3, level: undefined, review: [] });
});

test("does not count INCONCLUSIVE as a mistake", () => {
  const score = scoreOf(results(7, "INCONCLUSIVE"));
  expect(score).toEqual({ passed: 7, of: 8, level: undefined, review: [] });
});

test("scores all eight exercises of the progress and reviews those that failed", () => {
  let progress = withExercise(noProgress, "D", { pass: unsignedPass("D"), last: "FAIL" });
  progress = withExercise(progress, "E", { last: "FAIL" });
  progress = withExercise(progress, "F", { skipped: true });
  expect(scoreOfProgress(progress)).toEqual({
    passed: 1,
    of: 8,
    level: undefined,
    review: ["E"],
  });
});

describe("what to read", () => {
  const root = new URL("../", import.meta.url);
  const fundamentals = readFileSync(new URL("docs/fundamentals.md", root), "utf8");

  test.each(exercises)("about $letter exists and is linked", (exercise) => {
    const { rationale, part, partLink } = readingFor(exercise);
    const [readme = "", heading] = rationale.split("#");
    expect(heading).toBe("rationale");
    expect(readFileSync(new URL(readme, root), "utf8")).toContain("\n## Rationale\n");
    expect(fundamentals).toContain(`\n## ${part}\n`);
    // The document links to its own parts.
    expect(fundamentals).toContain(`(${partLink.replace("docs/fundamentals.md", "")})`);
  });
});

test("renders the level and what to review with its links", () => {
  expect(renderScore(scoreOf(results(7)))).toEqual([
    "Score 7/8: Solid – review the ones you missed",
    "",
    "To review:",
    "  H  Batch of parallel requests",
    "     exercises/get-dashboard/README.md#rationale",
    "     docs/fundamentals.md#waiting-for-several-things",
  ]);
  expect(renderScore(scoreOf(results(8)))).toEqual([
    "Score 8/8: Expert – ready for production MLOps",
  ]);
});
