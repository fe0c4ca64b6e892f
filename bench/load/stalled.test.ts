import { expect, test } from "vitest";
import { truthOf } from "./stalled.ts";

const stalls = [
  { beginMs: 2_500, endMs: 3_500 },
  { beginMs: 6_000, endMs: 7_000 },
];

const services = (calls: number, ms: number) => Array.from({ length: calls }, () => ms);

test("the truth is that of the stalls and the service times in the log", () => {
  expect(truthOf({ stalls, servicesMs: services(5_000, 0) })).toEqual({
    90: 500,
    95: 750,
    99: 950,
  });
  // Half the time of the server is then taken, and each stall's queue needs a second to go.
  const slower = truthOf({ stalls, servicesMs: services(5_000, 1) });
  expect([slower[90], slower[95], slower[99]].map(Math.round)).toEqual([751, 876, 976]);
});

test("a log without its two stalls, or with calls missing, gives no truth", () => {
  const expected = "Expected the stalled server to serve 5000 calls and to stall twice, got";
  expect(() => truthOf({ stalls: stalls.slice(0, 1), servicesMs: services(5_000, 0.2) })).toThrow(
    `${expected} 5000 calls and 1 stalls`,
  );
  expect(() => truthOf({ stalls, servicesMs: services(4_999, 0.2) })).toThrow(
    `${expected} 4999 calls`,
  );
});
