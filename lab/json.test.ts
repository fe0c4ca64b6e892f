import { join } from "node:path";
import { changeProgress, loadProgress, withGuess } from "@unblock/progress/progress";
import { temporaryFolder } from "@unblock/test/folder";
import { beforeEach, expect, test } from "vitest";
import { keepMeasured } from "./json.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "progress.json");
});

function row(strategy: string, median: number, more: object = {}) {
  const wall_ms = { min: median, median, max: median };
  return { exercise: "A", strategy, requests: 10, wall_ms, errors: 0, conclusive: true, ...more };
}

test("saves the times of each strategy, without inconclusive and failed ones", async () => {
  const summary = await keepMeasured(
    [
      row("blocking-pool", 61.5),
      row("event-loop", 512.3),
      row("async", 40, { conclusive: false }),
      row("processes", 40, { errors: 1 }),
    ],
    path,
  );
  expect(summary).toBeUndefined();
  expect(loadProgress(path).state.measured).toEqual({
    A: { calls: 10, wallMs: { "blocking-pool": 61.5, "event-loop": 512.3 } },
  });
});

test("replaces times of the same burst, and drops those of another burst", async () => {
  await keepMeasured([row("blocking-pool", 61.5), row("event-loop", 512)], path);
  await keepMeasured([row("blocking-pool", 70)], path);
  expect(loadProgress(path).state.measured.A?.wallMs).toEqual({
    "blocking-pool": 70,
    "event-loop": 512,
  });
  await keepMeasured([row("blocking-pool", 90, { requests: 20 })], path);
  expect(loadProgress(path).state.measured.A).toEqual({
    calls: 20,
    wallMs: { "blocking-pool": 90 },
  });
});

test("summarizes the course, including guesses on the page", async () => {
  await changeProgress(path, (progress) =>
    withGuess(withGuess(progress, "A", "blocking-pool"), "B", "event-loop"),
  );
  expect(await keepMeasured([], path)).toBe(
    "Your course: 0 of 8 passed, 2 guessed (1 right). npm run learn goes on.",
  );
});
