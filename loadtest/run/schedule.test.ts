import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import { parseStages } from "../commands/options.ts";
import { createRandom, createSchedule, type Schedule, type Stage } from "./schedule.ts";

const flat = (rate: number, durationMs: number): Stage => ({
  fromRate: rate,
  toRate: rate,
  durationMs,
});

function duesOf(schedule: Schedule): number[] {
  const dues: number[] = [];
  for (let n = 1; ; n++) {
    const dueMs = schedule.dueMs(n);
    if (dueMs === Number.POSITIVE_INFINITY) {
      return dues;
    }
    dues.push(dueMs);
  }
}

const never = () => {
  throw new Error("Constant arrivals must draw no random numbers");
};

describe("a constant rate", () => {
  test("spaces calls evenly from the start", () => {
    const dues = duesOf(createSchedule([flat(4, 1_000)], "constant", never));
    expect(dues).toEqual([0, 250, 500, 750]);
  });

  test.each([
    [7, 1_000, 7],
    [0.5, 10_000, 5],
    [333.3, 10_000, 3_333],
    [2_000, 30_000, 60_000],
  ])("of %d per second for %d ms is %i calls", (rate, durationMs, calls) => {
    expect(duesOf(createSchedule([flat(rate, durationMs)], "constant", never))).toHaveLength(calls);
  });
});

describe("stages", () => {
  test("follow each other as steps", () => {
    const dues = duesOf(createSchedule([flat(2, 1_000), flat(4, 1_000)], "constant", never));
    expect(dues).toEqual([0, 500, 1_000, 1_250, 1_500, 1_750]);
  });

  test("ramp linearly: half of the calls of a ramp from 0 come in its last 29 %", () => {
    const dues = duesOf(
      createSchedule([{ fromRate: 0, toRate: 100, durationMs: 10_000 }], "constant", never),
    );
    expect(dues).toHaveLength(500);
    expect(dues[250]).toBeCloseTo(10_000 * Math.SQRT1_2, 6);
    expect(dues).toEqual([...dues].sort((a, b) => a - b));
  });

  test("ramp down, also to 0", () => {
    const dues = duesOf(
      createSchedule([{ fromRate: 100, toRate: 0, durationMs: 10_000 }], "constant", never),
    );
    expect(dues).toHaveLength(500);
    expect(dues[250]).toBeCloseTo(10_000 * (1 - Math.SQRT1_2), 6);
  });

  test("may have a rate of 0 in between", () => {
    const dues = duesOf(
      createSchedule([flat(2, 1_000), flat(0, 5_000), flat(2, 1_000)], "constant", never),
    );
    expect(dues).toEqual([0, 500, 6_000, 6_500]);
  });
});

describe("Poisson arrivals", () => {
  const schedule = (seed: number) =>
    createSchedule([flat(1_000, 20_000)], "poisson", createRandom(seed));

  test("have the given rate, and the deviation of a Poisson process", () => {
    const dues = duesOf(schedule(1));
    // 20,000 are expected with a standard deviation of 141.
    expect(Math.abs(dues.length - 20_000)).toBeLessThan(600);
    const gaps = dues.slice(1).map((due, at) => due - (dues[at] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    // In a Poisson process, the standard deviation of the gaps equals their mean.
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  });

  test("are the same in threads with the same seed, whichever calls they claim", () => {
    const dues = duesOf(schedule(7));
    const odd = schedule(7);
    expect([1, 3, 5, 801].map((n) => odd.dueMs(n))).toEqual([1, 3, 5, 801].map((n) => dues[n - 1]));
    expect(schedule(8).dueMs(1)).not.toBe(dues[0]);
  });
});

describe("parseStages", () => {
  test("parses steps and ramps", () => {
    expect(parseStages("100:10s,100-500.5:250ms")).toEqual([
      { fromRate: 100, toRate: 100, durationMs: 10_000 },
      { fromRate: 100, toRate: 500.5, durationMs: 250 },
    ]);
  });

  test.each(["", "100", "100:10", "100:10s,", "-5:10s", "100:0s", "99999999999:1s"])(
    "rejects %j",
    (text) => {
      expect(() => parseStages(text)).toThrow(InvalidArgumentError);
    },
  );
});
