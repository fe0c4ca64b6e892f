import { expect, test } from "vitest";
import { exerciseOf } from "../testing/exercise-of.ts";
import { sentenceOf } from "./sentence.ts";

/** One burst of an exercise with this strategy, whose wall time was so long. */
function measured(letter: string, name: string, wallMs: number, bystanderP99Ms = 1) {
  const exercise = exerciseOf(letter);
  const strategy = exercise.strategies.find((one) => one.name === name);
  if (strategy === undefined) {
    throw new Error(`Expected ${letter} to have the strategy ${name}`);
  }
  const limitMs = exercise.work.afterReply ? 0 : 50;
  return {
    exercise,
    strategy,
    cpuWorkers: 2,
    wallMs: { min: wallMs, median: wallMs, max: wallMs },
    limitMs,
    ratio: limitMs === 0 ? null : wallMs / limitMs,
    bystanderP99Ms,
  };
}

test.each([
  [
    "the recommended strategy and the worst of the wrong ones",
    [
      measured("C", "async", 90, 80),
      measured("C", "workers", 55),
      measured("C", "event-loop", 95, 90),
    ],
    "With workers 10 calls take 55 ms, 1.10 times the limit of 50. With event-loop it is 95 ms, 1.7 times as long, and everyone else waits up to 90 ms.",
  ],
  [
    "the fastest, where the recommended one is missing",
    [measured("C", "threads", 70), measured("C", "processes", 60)],
    "With processes 10 calls take 60 ms, 1.20 times the limit of 50. With threads it is 70 ms; nobody else suffers.",
  ],
  [
    "the one there is, with what others suffer from it",
    [measured("A", "event-loop", 500, 490)],
    "With event-loop 10 calls take 500 ms, 10.00 times the limit of 50, and everyone else waits up to 490 ms.",
  ],
  [
    "work that follows",
    [measured("G", "background", 2)],
    "With background the call takes 2.0 ms, and the work follows.",
  ],
  [
    "work that the caller waits for",
    [measured("G", "await", 204)],
    "With await the call takes 204 ms; nobody else suffers.",
  ],
  ["nothing", [], ""],
])("tells of %s", (_, measurements, sentence) => {
  expect(sentenceOf(measurements)).toBe(sentence);
});
