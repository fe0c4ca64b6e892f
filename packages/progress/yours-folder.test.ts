import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { changeProgress, loadProgress, progressOf, withExercise } from "./progress.ts";
import { merge } from "./yours-folder.ts";

const run = promisify(execFile);
let yours: string;
let path: string;

beforeEach(() => {
  yours = mkdtempSync(join(tmpdir(), "unblock-yours-"));
  path = join(yours, "progress.json");
});

afterEach(() => rmSync(yours, { recursive: true }));

/**
 * Adds 20 cards, one change each, in a child process. @param ending code to run inside of a change
 */
function writer(name: string, ending = ""): Promise<unknown> {
  const program = `
    const { changeProgress } = await import(${JSON.stringify(new URL("./progress.ts", import.meta.url).href)});
    const card = { dueMs: 1, lastMs: 0, stability: 1, difficulty: 1, elapsed_days: 0, scheduled_days: 1, learning_steps: 0, reps: 1, lapses: 0, state: 2 };
    for (let number = 0; number < 20; number++) {
      await changeProgress(${JSON.stringify(path)}, (progress) => {
        ${ending}
        return { ...progress, cards: { ...progress.cards, [${JSON.stringify(name)} + number]: card } };
      });
    }`;
  return run(process.execPath, ["--input-type=module", "--eval", program]);
}

test("keeps all changes of concurrent processes", async () => {
  await Promise.all(["a", "b", "c"].map((name) => writer(name)));
  expect(Object.keys(loadProgress(path).state.cards)).toHaveLength(60);
});

test("releases the lock of a killed process", async () => {
  await expect(writer("a", 'process.kill(process.pid, "SIGKILL");')).rejects.toMatchObject({
    signal: "SIGKILL",
  });
  await changeProgress(path, (progress) => withExercise(progress, "A", { hints: 1 }));
  expect(progressOf(loadProgress(path).state, "A").hints).toBe(1);
});

test("merges changes of different fields", () => {
  const before = { current: "A", exercises: { A: { hints: 0, guess: "x" }, B: { hints: 1 } } };
  const mine = { current: "B", exercises: { A: { hints: 1, guess: "x" }, B: { hints: 1 } } };
  const theirs = { current: "A", exercises: { A: { hints: 0, guess: "y" }, C: { hints: 2 } } };
  expect(merge<object>(before, mine, theirs)).toEqual({
    current: "B",
    exercises: { A: { hints: 1, guess: "y" }, C: { hints: 2 } },
  });
});
