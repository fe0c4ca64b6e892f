import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { exerciseFile } from "@unblock/exercises/exercise";
import { type Exercise, exerciseOf, exercises } from "@unblock/proto/exercises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { prepareWorkspace, resetExercise, yourFile } from "./workspace.ts";

let yours: string;

beforeEach(() => {
  yours = mkdtempSync(join(tmpdir(), "unblock-yours-"));
});

afterEach(() => rmSync(yours, { recursive: true }));

function stubOf(exercise: Exercise): string {
  return readFileSync(exerciseFile(exercise, "stub.ts"), "utf8");
}

test("copies every stub and keeps existing files", () => {
  const [first, ...others] = exercises.map((exercise) => yourFile(exercise, yours));
  writeFileSync(first ?? "", "mine");
  prepareWorkspace(yours);
  expect(readFileSync(first ?? "", "utf8")).toBe("mine");
  for (const path of others) {
    expect(readFileSync(path, "utf8")).toContain("export const handler");
  }
  expect(readdirSync(yours)).toHaveLength(exercises.length);
});

test("restores a stub and keeps every version", () => {
  const exercise = exerciseOf("A");
  const path = yourFile(exercise, yours);
  const now = new Date(2026, 10, 5, 9, 7, 3);
  const kept = ["first", "second"].map((version) => {
    writeFileSync(path, version);
    const aside = resetExercise(exercise, now, yours) ?? "";
    expect(dirname(aside)).toBe(join(yours, "aside"));
    return [basename(aside), readFileSync(aside, "utf8")];
  });
  // Both versions were kept in the same second.
  expect(kept).toEqual([
    ["a-get-user.2026-11-05T090703.ts", "first"],
    ["a-get-user.2026-11-05T090703-2.ts", "second"],
  ]);
  expect(readFileSync(path, "utf8")).toBe(stubOf(exercise));
});

test("creates the stub when there was no file", () => {
  expect(resetExercise(exerciseOf("A"), new Date(), join(yours, "new"))).toBeUndefined();
  expect(readdirSync(join(yours, "new"))).toEqual(["a-get-user.ts"]);
});
