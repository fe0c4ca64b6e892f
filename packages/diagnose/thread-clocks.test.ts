import { expect, test } from "vitest";
import { openThreadClocks, passedBetween, type ThreadClocks } from "./thread-clocks.ts";

const clocks: ThreadClocks = {
  first: { atMs: 1_000, activeMs: 500 },
  cpuMs: 100,
  allCpuMs: 200,
  starvedMs: 0,
  crowdedMs: 0,
  last: { atMs: 1_000, activeMs: 500 },
};

test("a core lost while the clocks are read is no time between two readings", () => {
  const before = { ...clocks, starvedMs: 480, last: { atMs: 1_480, activeMs: 980 } };
  const now = {
    ...clocks,
    first: { atMs: 1_500, activeMs: 990 },
    cpuMs: 105,
    allCpuMs: 206,
    starvedMs: 480,
    crowdedMs: 10,
  };
  expect(passedBetween(before, now)).toEqual({
    ms: 20,
    activeMs: 10,
    cpuMs: 5,
    allCpuMs: 6,
    starvedMs: 0,
    crowdedMs: 10,
  });
});

test("the clock of passing time is read first and last, and the CPU time of a thread that computes goes on", () => {
  const read = openThreadClocks();
  const before = read();
  let now = read();
  while (passedBetween(before, now).cpuMs === 0) {
    now = read();
  }
  const order = [before.first, before.last, now.first, now.last];
  for (const clock of ["atMs", "activeMs"] as const) {
    const times = order.map((passing) => passing[clock]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
  expect(now.allCpuMs).toBeGreaterThan(before.allCpuMs);
});
