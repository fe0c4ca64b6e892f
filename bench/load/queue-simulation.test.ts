import { expect, test } from "vitest";
import { constantArrivals, exactPercentile, simulateQueue } from "./queue-simulation.ts";

const arrivals = constantArrivals(500, 10);

test("evenly spaced calls, 500 a second for 10 s", () => {
  expect(arrivals).toHaveLength(5_000);
  expect([arrivals[0], arrivals[1], arrivals.at(-1)]).toEqual([0, 2, 9_998]);
});

test("without a stall and with time to spare, each call takes its service time", () => {
  const latencies = simulateQueue(arrivals, { servicesMs: arrivals.map(() => 0.5), stalls: [] });
  expect(new Set(latencies.map((one) => one.toFixed(9)))).toEqual(new Set(["0.500000000"]));
});

test("calls that come together are served one after another", () => {
  expect(simulateQueue([0, 0, 0, 25], { servicesMs: [10, 10, 10, 15], stalls: [] })).toEqual([
    10, 20, 30, 20,
  ]);
});

test("a server that is slower than its calls come falls ever further behind", () => {
  expect(simulateQueue([0, 1, 2, 3], { servicesMs: [3, 3, 3, 3], stalls: [] })).toEqual([
    3, 5, 7, 9,
  ]);
});

test("a stall of a second delays a tenth of the calls of 10 s, from a second down to nothing", () => {
  const stalls = [{ beginMs: 2_500, endMs: 3_500 }];
  const latencies = simulateQueue(arrivals, { servicesMs: [], stalls });
  expect(latencies.filter((ms) => ms > 0)).toHaveLength(500);
  expect(exactPercentile(latencies, 90)).toBe(0);
  expect(exactPercentile(latencies, 95)).toBe(500);
  expect(exactPercentile(latencies, 99)).toBe(900);
  expect(exactPercentile(latencies, 100)).toBe(1_000);
});

test("two stalls of a second are what the bench is about: p90 500, p95 750, p99 950", () => {
  const stalls = [
    { beginMs: 2_500, endMs: 3_500 },
    { beginMs: 6_000, endMs: 7_000 },
  ];
  const latencies = simulateQueue(arrivals, { servicesMs: [], stalls });
  expect([90, 95, 99].map((one) => exactPercentile(latencies, one))).toEqual([500, 750, 950]);
});

test("after a stall the queue is worked off, and who comes meanwhile stands in it", () => {
  const stalls = [{ beginMs: 1, endMs: 11 }];
  expect(simulateQueue([0, 2, 4, 12, 100], { servicesMs: [1, 1, 1, 1, 1], stalls })).toEqual([
    1, 10, 9, 2, 1,
  ]);
});

test("a call that is being served when a stall begins is served first", () => {
  const stalls = [{ beginMs: 5, endMs: 10 }];
  expect(simulateQueue([4, 6], { servicesMs: [3, 3], stalls })).toEqual([3, 7]);
});

test("stalls that touch are one", () => {
  const stalls = [
    { beginMs: 0, endMs: 10 },
    { beginMs: 10, endMs: 20 },
  ];
  expect(simulateQueue([5], { servicesMs: [1], stalls })).toEqual([16]);
});

test("percentiles are values that occurred, in whatever order they come", () => {
  expect([0, 25, 26, 75, 76, 100].map((one) => exactPercentile([4, 1, 3, 2], one))).toEqual([
    1, 1, 2, 3, 4, 4,
  ]);
  expect(exactPercentile([7], 99)).toBe(7);
});
