import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  changeProgress,
  isPassed,
  loadProgress,
  noProgress,
  type PassStatement,
  progressOf,
  withExercise,
  withGuess,
  withoutGuesses,
} from "./progress.ts";
import { openKey, signStatement } from "./signature.ts";
import { unsignedPass } from "./testing/passes.ts";

let yours: string;
let path: string;

beforeEach(() => {
  yours = mkdtempSync(join(tmpdir(), "unblock-yours-"));
  path = join(yours, "progress.json");
});

afterEach(() => rmSync(yours, { recursive: true }));

test("is fresh when there is no file", () => {
  expect(loadProgress(path)).toEqual({ state: noProgress, notice: undefined });
});

function signed(letter: string, changed: Partial<PassStatement> = {}) {
  return signStatement({ ...unsignedPass(letter).statement, ...changed }, openKey(yours));
}

test("is the same when it is loaded again", async () => {
  const card = {
    dueMs: 1,
    lastMs: 0,
    stability: 2.5,
    difficulty: 5,
    elapsed_days: 0,
    scheduled_days: 2,
    learning_steps: 0,
    reps: 1,
    lapses: 0,
    state: 2,
  };
  const begun = withExercise(noProgress, "A", { last: "FAIL", pass: signed("A"), hints: 2 });
  const progress = {
    ...withExercise(begun, "B", { skipped: true, guess: "async", mistakes: ["sequential"] }),
    current: "C",
    cards: { gzip: card },
    measured: { A: { calls: 10, wallMs: { "blocking-pool": 61.5 } } },
  };
  await changeProgress(path, () => progress);
  expect(loadProgress(path)).toEqual({ state: progress, notice: undefined });
  expect(readdirSync(yours).sort()).toEqual(["key.pem", "progress.json", "progress.json.lock"]);
  expect(statSync(join(yours, "key.pem")).mode & 0o777).toBe(0o600);
});

test.each([
  ["written by hand", () => unsignedPass("A")],
  ["of another exercise", () => signed("B")],
  [
    "whose source was changed",
    () => ({ ...signed("A"), statement: { ...signed("A").statement, source: "x" } }),
  ],
])("does not count a pass that is %s", async (_, passOf) => {
  openKey(yours);
  await changeProgress(path, (progress) =>
    withExercise(progress, "A", { pass: passOf(), hints: 1 }),
  );
  const { state, notice } = loadProgress(path);
  expect(isPassed(state, "A")).toBe(false);
  expect(progressOf(state, "A").hints).toBe(1);
  expect(notice).toMatch(/\bA\b.*key\.pem/);
});

test("keeps the first guess until all are forgotten", () => {
  const once = withGuess(noProgress, "A", "event-loop");
  const twice = withGuess(once, "A", "blocking-pool");
  expect(progressOf(twice, "A").guess).toBe("event-loop");
  expect(progressOf(withGuess(withoutGuesses(twice), "A", "blocking-pool"), "A").guess).toBe(
    "blocking-pool",
  );
});

test.each([
  ["an editor's accident", "{"],
  ["an empty file", ""],
  ["a list", "[]"],
  ["no exercises", '{"current":"A"}'],
  ["an unknown current exercise", '{"current":"Z","exercises":{}}'],
  ["an unknown letter", '{"current":"A","exercises":{"Z":{}}}'],
  ["an exercise of another shape", '{"current":"A","exercises":{"A":{"hints":"many"}}}'],
  ["too many hints", '{"current":"A","exercises":{"A":{"hints":4,"skipped":true}}}'],
  [
    "an unknown verdict",
    '{"current":"A","exercises":{"A":{"hints":0,"last":"MAYBE","skipped":true}}}',
  ],
  ["a missing field", '{"current":"A","exercises":{"A":{"hints":0}}}'],
  [
    "a pass of another shape",
    '{"current":"A","exercises":{"A":{"hints":0,"skipped":true,"pass":{}}}}',
  ],
  ["a card of another shape", '{"current":"A","exercises":{},"cards":{"gzip":{"dueMs":"soon"}}}'],
  [
    "times that are no numbers",
    '{"current":"A","exercises":{},"measured":{"A":{"calls":1,"wallMs":{"async":"x"}}}}',
  ],
])("moves a damaged file aside and starts over: %s", (_, damaged) => {
  writeFileSync(path, damaged);
  const { state, notice } = loadProgress(path);
  expect(state).toEqual(noProgress);
  const [kept = ""] = readdirSync(join(yours, "aside"));
  expect(notice).toContain(kept);
  expect(readFileSync(join(yours, "aside", kept), "utf8")).toBe(damaged);
  expect(readdirSync(yours)).toEqual(["aside"]);
});
