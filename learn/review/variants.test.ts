import { exerciseOf, exercises } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import { createRandom } from "../quiz/question.ts";
import { burstTime } from "./burst-time.ts";
import { variantOf } from "./variants.ts";

const seeds = Array.from({ length: 200 }, (_, seed) => seed);
const measured = { calls: 10, wallMs: { "blocking-pool": 61.4, "event-loop": 512.3 } };

describe.each(exercises)("variants of $letter", (exercise) => {
  const variants = seeds.map((seed) =>
    variantOf(exercise, createRandom(seed), seed, seed % 5 === 0 ? measured : undefined),
  );

  test("have different choices, at least one right and one wrong", () => {
    for (const { choices, question } of variants) {
      const texts = choices.map(({ text }) => text);
      const qualities = choices.map(({ quality }) => quality);
      expect(new Set(texts).size, question).toBe(texts.length);
      expect(texts.length, question).toBeGreaterThanOrEqual(2);
      expect(texts.length, question).toBeLessThanOrEqual(9);
      expect(qualities, question).toContain("recommended");
      expect(qualities, question).toContain("wrong");
      expect(choices.every(({ reason }) => /^$|[.)]$/.test(reason))).toBe(true);
    }
  });

  test("are of several kinds with different figures", () => {
    const questions = variants.map(({ question }) => question);
    expect(new Set(questions).size).toBeGreaterThan(20);
    expect(variantOf(exercise, createRandom(1), 0, undefined).question).not.toBe(
      variantOf(exercise, createRandom(1), 1, undefined).question,
    );
  });

  test("are the same for the same seed", () => {
    expect(variantOf(exercise, createRandom(7), 3, measured)).toEqual(
      variantOf(exercise, createRandom(7), 3, measured),
    );
  });
});

/** Schedules a burst: each call takes the server that is free first. Returns its wall time. */
function scheduleBurst(calls: number, servers: number, ms: number): number {
  const freeAt = Array.from({ length: servers }, () => 0);
  for (let call = 0; call < calls; call++) {
    freeAt.sort((a, b) => a - b);
    freeAt[0] = (freeAt[0] ?? 0) + ms;
  }
  return Math.max(...freeAt);
}

test("times equal those of a scheduled burst", () => {
  for (const seed of seeds) {
    const random = createRandom(seed);
    const figures = {
      calls: random(1, 100),
      threads: random(1, 32),
      libuvThreads: random(1, 32),
      cores: random(1, 16),
    };
    const { calls, threads, libuvThreads, cores } = figures;
    const ms = (letter: string, strategy: string) =>
      burstTime(exerciseOf(letter), strategy, figures)?.ms;
    expect(ms("A", "blocking-pool")).toBe(scheduleBurst(calls, threads, 50));
    expect(ms("A", "event-loop")).toBe(scheduleBurst(calls, 1, 50));
    expect(ms("B", "async")).toBe(scheduleBurst(calls, calls, 200));
    expect(ms("D", "libuv")).toBe(scheduleBurst(calls, libuvThreads, 30));
    expect(ms("C", "cpu-pool")).toBe(scheduleBurst(calls, cores, 100));
    expect(ms("C", "async")).toBe(scheduleBurst(calls, 1, 100));
    expect(ms("F", "cpu-pool")).toBe(100 + scheduleBurst(calls, cores, 100));
    expect(ms("F", "event-loop")).toBe(scheduleBurst(calls, 1, 200));
  }
});

test("the exercise's recommended strategy can be wrong with other figures", () => {
  const questions = seeds.map((seed) =>
    variantOf(exerciseOf("D"), createRandom(seed), 1, undefined),
  );
  const libuv = questions.map(
    ({ choices }) => choices.find(({ text }) => text === "libuv")?.quality,
  );
  expect(new Set(libuv)).toContain("wrong");
  expect(new Set(libuv)).toContain("recommended");
});

test("asks about the lab's measurement when its times differ enough", () => {
  const asked = (wallMs: Readonly<Record<string, number>>) =>
    variantOf(exerciseOf("A"), createRandom(1), 2, { calls: 10, wallMs }).question;
  expect(asked({ "blocking-pool": 61.4, "event-loop": 512.3 })).toContain(
    "On this machine the lab measured a burst of 10 calls with 2 strategies. The slowest took 512 ms, the next one 61 ms.",
  );
  expect(asked({ "blocking-pool": 61.4, "event-loop": 70 })).not.toContain("the lab measured");
});
