import { describe, expect, test } from "vitest";
import { LatencyHistogram } from "../histogram.ts";
import { judge } from "./judge.ts";

const times = (...ms: number[]) => {
  const histogram = new LatencyHistogram();
  for (const one of ms) {
    histogram.record(one);
  }
  return histogram;
};
const good = {
  lengthMs: 1_000,
  latency: times(20),
  lateness: times(1),
  stalledMs: 10,
  gcMs: 10,
  activeMs: 500,
};

describe("judge", () => {
  test("returns no reasons when the client kept up", () => {
    expect(judge(good)).toEqual([]);
    expect(judge({ ...good, lateness: undefined })).toEqual([]);
  });

  test.each([
    [{ lateness: times(30) }, " 30 ms "],
    [{ stalledMs: 60 }, " 6 % "],
    [{ gcMs: 150 }, " 15 % "],
    [{ activeMs: 990 }, " 99 % "],
  ])("returns one reason with its figure: %j", (bad, figure) => {
    expect(judge({ ...good, ...bad })).toEqual([expect.stringContaining(figure)]);
  });

  test("ignores lateness that is small compared with the latencies", () => {
    expect(judge({ ...good, latency: times(1_000), lateness: times(30) })).toEqual([]);
  });

  test("does not judge a thread's load in a very short time", () => {
    const short = { ...good, lengthMs: 100, activeMs: 100, gcMs: 50, stalledMs: 50 };
    expect(judge(short)).toEqual([]);
    expect(judge({ ...short, lateness: times(30) })).toHaveLength(1);
  });
});
