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
  test("finds nothing in a second in which the client kept up", () => {
    expect(judge(good)).toEqual([]);
    expect(judge({ ...good, lateness: undefined })).toEqual([]);
  });

  test.each([
    [{ lateness: times(30) }, "1 % of the calls were sent 30 ms late or more"],
    [{ stalledMs: 60 }, "its event loop was blocked for 6 % of the time"],
    [{ gcMs: 150 }, "it collected garbage for 15 % of the time"],
    [{ activeMs: 990 }, "a thread of it was busy 99 % of the time"],
  ])("says what was wrong: %j", (bad, reason) => {
    expect(judge({ ...good, ...bad })).toEqual([reason]);
  });

  test("leaves lateness that does not matter beside the latencies", () => {
    expect(judge({ ...good, latency: times(1_000), lateness: times(30) })).toEqual([]);
  });

  test("does not judge how busy a thread is in a very short time", () => {
    const short = { ...good, lengthMs: 100, activeMs: 100, gcMs: 50, stalledMs: 50 };
    expect(judge(short)).toEqual([]);
    expect(judge({ ...short, lateness: times(30) })).toHaveLength(1);
  });
});
