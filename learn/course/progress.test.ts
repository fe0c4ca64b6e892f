import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { courseScore, loadProgress, noProgress, saveProgress, withExercise } from "./progress.ts";

let yours: string;
let path: string;

beforeEach(() => {
  yours = mkdtempSync(join(tmpdir(), "unblock-yours-"));
  path = join(yours, "progress.json");
});

afterEach(() => rmSync(yours, { recursive: true }));

test("begins with the first exercise and nothing done", () => {
  expect(loadProgress(path)).toEqual({ state: noProgress, notice: undefined });
});

test("survives", () => {
  const progress = {
    ...withExercise(withExercise(noProgress, "A", { last: "FAIL", passed: true, hints: 2 }), "B", {
      skipped: true,
    }),
    current: "C",
  };
  saveProgress(progress, path);
  expect(loadProgress(path)).toEqual({ state: progress, notice: undefined });
  // Nothing but the file itself is left.
  expect(readdirSync(yours)).toEqual(["progress.json"]);
});

test.each([
  ["an editor's accident", "{"],
  ["an empty file", ""],
  ["a list", "[]"],
  ["no exercises", '{"current":"A"}'],
  ["an exercise that there is not", '{"current":"Z","exercises":{}}'],
  ["a letter that there is not", '{"current":"A","exercises":{"Z":{}}}'],
  ["an exercise of another shape", '{"current":"A","exercises":{"A":{"hints":"many"}}}'],
  ["too many hints", '{"current":"A","exercises":{"A":{"hints":4,"passed":true,"skipped":true}}}'],
  [
    "a verdict that is none",
    '{"current":"A","exercises":{"A":{"hints":0,"last":"MAYBE","passed":true,"skipped":true}}}',
  ],
  ["no word on a pass", '{"current":"A","exercises":{"A":{"hints":0,"skipped":true}}}'],
])("tells of damage, keeps the file aside and begins anew: %s", (_, damaged) => {
  writeFileSync(path, damaged);
  const { state, notice } = loadProgress(path);
  expect(state).toEqual(noProgress);
  expect(notice).toMatch(
    /progress\.json was damaged \(.+\)\. It is kept as .+; this begins anew\.$/,
  );
  const [kept = ""] = readdirSync(join(yours, "aside"));
  expect(notice).toContain(kept);
  expect(readFileSync(join(yours, "aside", kept), "utf8")).toBe(damaged);
  expect(readdirSync(yours)).toEqual(["aside"]);
});

test("scores all eight, and reviews those that failed", () => {
  let progress = withExercise(noProgress, "D", { passed: true, last: "FAIL" });
  progress = withExercise(progress, "E", { last: "FAIL" });
  progress = withExercise(progress, "F", { skipped: true });
  expect(courseScore(progress)).toEqual({ passed: 1, of: 8, level: undefined, review: ["E"] });
});
