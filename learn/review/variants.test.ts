import { describe, expect, test } from "vitest";
import { type Exercise, exercises, findExercise } from "../../registry/exercises.ts";
import { burstTime } from "./burst-time.ts";
import { createRandom } from "./random.ts";
import { variantOf } from "./variants.ts";

const seeds = Array.from({ length: 200 }, (_, seed) => seed);
const measured = { calls: 10, wallMs: { threads: 61.4, "event-loop": 512.3 } };

function exerciseOf(letter: string): Exercise {
  const found = findExercise(letter);
  if (found === undefined) {
    throw new Error(`Expected an exercise ${letter}`);
  }
  return found;
}

describe.each(exercises)("variants of $letter", (exercise) => {
  const variants = seeds.map((seed) =>
    variantOf(exercise, createRandom(seed), seed, seed % 5 === 0 ? measured : undefined),
  );

  test("can be answered: choices differ, and at least one of them is right and one is wrong", () => {
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

  test("are of more than one kind, with other figures each time", () => {
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

/** Runs a burst: each call takes the thread, or core, that is free first. */
function simulate(calls: number, servers: number, ms: number): number {
  const freeAt = Array.from({ length: servers }, () => 0);
  for (let call = 0; call < calls; call++) {
    freeAt.sort((a, b) => a - b);
    freeAt[0] = (freeAt[0] ?? 0) + ms;
  }
  return Math.max(...freeAt);
}

test("times are those of a burst that is played through", () => {
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
    expect(ms("A", "threads")).toBe(simulate(calls, threads, 50));
    expect(ms("A", "event-loop")).toBe(simulate(calls, 1, 50));
    expect(ms("B", "async")).toBe(simulate(calls, calls, 200));
    expect(ms("D", "libuv")).toBe(simulate(calls, libuvThreads, 30));
    expect(ms("C", "workers")).toBe(simulate(calls, cores, 100));
    expect(ms("C", "async")).toBe(simulate(calls, 1, 100));
    expect(ms("F", "workers")).toBe(100 + simulate(calls, cores, 100));
    expect(ms("F", "event-loop")).toBe(simulate(calls, 1, 200));
  }
});

test("the recommended strategy of an exercise can be wrong with other figures", () => {
  const questions = seeds.map((seed) =>
    variantOf(exerciseOf("D"), createRandom(seed), 1, undefined),
  );
  const libuv = questions.map(
    ({ choices }) => choices.find(({ text }) => text === "libuv")?.quality,
  );
  expect(new Set(libuv)).toContain("wrong");
  expect(new Set(libuv)).toContain("recommended");
});

test("asks of what the lab measured here, if it tells the strategies apart", () => {
  const asked = (wallMs: Readonly<Record<string, number>>) =>
    variantOf(exerciseOf("A"), createRandom(1), 2, { calls: 10, wallMs }).question;
  expect(asked({ threads: 61.4, "event-loop": 512.3 })).toContain(
    "On this machine the lab measured a burst of 10 calls with 2 strategies. The slowest took 512 ms, the next one 61 ms.",
  );
  expect(asked({ threads: 61.4, "event-loop": 70 })).not.toContain("the lab measured");
});
