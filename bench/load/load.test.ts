import { expect, test } from "vitest";
import { sentWithin } from "./command.ts";
import { constantArrivals, exactPercentile, simulateQueue, truthOf } from "./stalled.ts";

const arrivals = constantArrivals(500, 10);

test("arrivals at a constant rate, 500 per second for 10 s", () => {
  expect(arrivals).toHaveLength(5_000);
  expect([arrivals[0], arrivals[1], arrivals.at(-1)]).toEqual([0, 2, 9_998]);
});

test("without stalls and below capacity, each call takes its service time", () => {
  const latencies = simulateQueue(arrivals, { servicesMs: arrivals.map(() => 0.5), stalls: [] });
  expect(new Set(latencies.map((one) => one.toFixed(9)))).toEqual(new Set(["0.500000000"]));
});

test("calls that arrive at once are served one after another", () => {
  expect(simulateQueue([0, 0, 0, 25], { servicesMs: [10, 10, 10, 15], stalls: [] })).toEqual([
    10, 20, 30, 20,
  ]);
});

test("above capacity, latency grows without bound", () => {
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

test("two stalls of a second, as in the bench: p90 500, p95 750, p99 950", () => {
  const stalls = [
    { beginMs: 2_500, endMs: 3_500 },
    { beginMs: 6_000, endMs: 7_000 },
  ];
  const latencies = simulateQueue(arrivals, { servicesMs: [], stalls });
  expect([90, 95, 99].map((one) => exactPercentile(latencies, one))).toEqual([500, 750, 950]);
});

test("after a stall, new calls wait behind the queue", () => {
  const stalls = [{ beginMs: 1, endMs: 11 }];
  expect(simulateQueue([0, 2, 4, 12, 100], { servicesMs: [1, 1, 1, 1, 1], stalls })).toEqual([
    1, 10, 9, 2, 1,
  ]);
});

test("a call in service when a stall begins is served first", () => {
  const stalls = [{ beginMs: 5, endMs: 10 }];
  expect(simulateQueue([4, 6], { servicesMs: [3, 3], stalls })).toEqual([3, 7]);
});

test("adjacent stalls count as one", () => {
  const stalls = [
    { beginMs: 0, endMs: 10 },
    { beginMs: 10, endMs: 20 },
  ];
  expect(simulateQueue([5], { servicesMs: [1], stalls })).toEqual([16]);
});

test("percentiles are measured values, in any order of input", () => {
  expect([0, 25, 26, 75, 76, 100].map((one) => exactPercentile([4, 1, 3, 2], one))).toEqual([
    1, 1, 2, 3, 4, 4,
  ]);
  expect(exactPercentile([7], 99)).toBe(7);
});

const twoStalls = [
  { beginMs: 2_500, endMs: 3_500 },
  { beginMs: 6_000, endMs: 7_000 },
];

const services = (calls: number, ms: number) => Array.from({ length: calls }, () => ms);

test("the truth follows from stalls and service times of the log", () => {
  expect(truthOf({ stalls: twoStalls, servicesMs: services(5_000, 0) })).toEqual({
    90: 500,
    95: 750,
    99: 950,
  });
  // The server is half busy, and each stall's queue needs a second to drain.
  const slower = truthOf({ stalls: twoStalls, servicesMs: services(5_000, 1) });
  expect([slower[90], slower[95], slower[99]].map(Math.round)).toEqual([751, 876, 976]);
});

test("rejects a log without two stalls or with missing calls", () => {
  const expected = "Expected the stalled server to serve 5000 calls and to stall twice, got";
  expect(() =>
    truthOf({ stalls: twoStalls.slice(0, 1), servicesMs: services(5_000, 0.2) }),
  ).toThrow(`${expected} 5000 calls and 1 stalls`);
  expect(() => truthOf({ stalls: twoStalls, servicesMs: services(4_999, 0.2) })).toThrow(
    `${expected} 4999 calls`,
  );
});

const interval = (start_ms: number, sent: number) => ({ start_ms, sent });

test("counts calls sent before the load's end only", () => {
  const intervals = [interval(0, 2_000), interval(1_000, 1_900), interval(2_000, 100)];
  expect(sentWithin(intervals, 2)).toBe(3_900);
  expect(sentWithin([], 2)).toBe(0);
});
