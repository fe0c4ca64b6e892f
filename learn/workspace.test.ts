import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Exercise, exercises, findExercise } from "../registry/exercises.ts";
import { fileName, prepareWorkspace, resetExercise, yourFile } from "./workspace.ts";

let yours: string;

beforeEach(() => {
  yours = mkdtempSync(join(tmpdir(), "unblock-yours-"));
});

afterEach(() => rmSync(yours, { recursive: true }));

function exerciseA(): Exercise {
  const found = findExercise("A");
  if (found === undefined) {
    throw new Error("Expected an exercise A");
  }
  return found;
}

function stubOf(exercise: Exercise): string {
  return readFileSync(new URL(`stubs/${fileName(exercise)}`, import.meta.url), "utf8");
}

test("gives the learner a copy of every stub, and leaves what is there", () => {
  const [first, ...others] = exercises.map((exercise) => yourFile(exercise, yours));
  writeFileSync(first ?? "", "mine");
  prepareWorkspace(yours);
  expect(readFileSync(first ?? "", "utf8")).toBe("mine");
  for (const path of others) {
    expect(readFileSync(path, "utf8")).toContain("export const handler");
  }
  expect(readdirSync(yours)).toHaveLength(8);
});

test("puts a stub back and keeps every version aside", () => {
  const exercise = exerciseA();
  const path = yourFile(exercise, yours);
  const now = new Date(2026, 10, 5, 9, 7, 3);
  const kept = ["first", "second"].map((version) => {
    writeFileSync(path, version);
    const aside = resetExercise(exercise, now, yours) ?? "";
    expect(dirname(aside)).toBe(join(yours, "aside"));
    return [basename(aside), readFileSync(aside, "utf8")];
  });
  // In the same second, too.
  expect(kept).toEqual([
    ["a-get-user.2026-11-05T090703.ts", "first"],
    ["a-get-user.2026-11-05T090703-2.ts", "second"],
  ]);
  expect(readFileSync(path, "utf8")).toBe(stubOf(exercise));
});

test("makes the stub where there was no file, and keeps nothing", () => {
  expect(resetExercise(exerciseA(), new Date(), join(yours, "new"))).toBeUndefined();
  expect(readdirSync(join(yours, "new"))).toEqual(["a-get-user.ts"]);
});
