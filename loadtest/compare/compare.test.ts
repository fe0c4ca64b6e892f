import { plainPaint } from "@unblock/terminal/text";
import { makeReport, type Second } from "@unblock/test/reports";
import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import { completeReport } from "../report/read.ts";
import type { FullReport } from "../report/report.ts";
import { createRandom } from "../run/schedule.ts";
import { compareReports, type MetricComparison } from "./compare.ts";
import { parseFailOn, renderComparison } from "./compare-command.ts";

/**
 * A run with correlated seconds: each second has a level that drifts, and latencies vary around it.
 */
function wander(seed: number, factor = 1, seconds = 40, calls = 60): Second[] {
  const random = createRandom(seed);
  let level = 0;
  return Array.from({ length: seconds }, () => {
    level = 0.6 * level + (random() - 0.5) * 0.2;
    const latenciesMs = Array.from(
      { length: calls },
      () => Math.round(factor * 100 * (1 + level) * (1 - Math.log(1 - random()))) / 10,
    );
    return { latenciesMs };
  });
}

function of(a: FullReport, b: FullReport, name: string): MetricComparison {
  const found = compareReports(a, b).metrics.find(({ metric }) => metric.name === name);
  if (!found) {
    throw new Error(`Expected ${name} to be compared`);
  }
  return found;
}

describe("equal runs", () => {
  test("rarely differ: at most 5 of 24 pairs, where a perfect method has 1", () => {
    const real = Array.from({ length: 24 }, (_, pair) =>
      of(makeReport(wander(pair + 1)), makeReport(wander(pair + 1_001)), "p50"),
    ).filter(({ isReal }) => isReal);
    expect(real.length).toBeLessThanOrEqual(5);
  });

  test("have the same result each time", () => {
    const [a, b] = [makeReport(wander(1)), makeReport(wander(2))];
    expect(of(a, b, "p99").interval).toEqual(of(a, b, "p99").interval);
  });
});

describe("a change", () => {
  test("of 30 % is found in at least 18 of 20 pairs, with direction and size", () => {
    const found = Array.from({ length: 20 }, (_, pair) =>
      of(makeReport(wander(pair + 1)), makeReport(wander(pair + 1_001, 1.3)), "p50"),
    ).filter(({ isReal, difference }) => isReal && difference > 0);
    expect(found.length).toBeGreaterThanOrEqual(18);
    const inside = found.filter(
      ({ interval: [low, high], a }) => low <= 0.3 * a && 0.3 * a <= high,
    );
    expect(inside.length).toBeGreaterThanOrEqual(14);
  });

  test("is reported for mean, rate and errors, too", () => {
    const seconds = wander(1);
    const fewer = seconds.map(({ latenciesMs }) => ({
      latenciesMs: latenciesMs.slice(0, 48),
      errors: 3,
    }));
    const [a, b] = [makeReport(seconds), makeReport(fewer)];
    expect(of(a, b, "rate")).toMatchObject({ a: 60, b: 48, difference: -12, isReal: true });
    expect(of(a, b, "errors")).toMatchObject({
      a: 0,
      b: 6.25,
      differencePercent: null,
      isReal: true,
    });
    expect(of(a, b, "mean").isReal).toBe(false);
  });

  test("in a tail of few calls is not reported", () => {
    const [a, b] = [makeReport(wander(1)), makeReport(wander(2, 2))];
    expect(of(a, b, "p99").isReal).toBe(true);
    // Two of 2,400 calls are beyond p99.9.
    expect(of(a, b, "p99.9")).toMatchObject({ tooFew: true, isReal: false });
  });
});

describe("warnings", () => {
  const warningsOf = (a: FullReport, b: FullReport) => compareReports(a, b).warnings.join("\n");

  test("are absent for two good runs of the same load", () => {
    expect(warningsOf(makeReport(wander(1)), makeReport(wander(2)))).toBe("");
  });

  test("name differences in load", () => {
    const other = makeReport(wander(2), {
      options: { call: "shop.v1.Orders/ListOrders", connections: 4 },
    });
    expect(warningsOf(makeReport(wander(1)), other)).toContain(
      "call (shop.v1.Orders/GetOrder, shop.v1.Orders/ListOrders), connections (1, 4)",
    );
  });

  test("report that a client was the limit", () => {
    const limited = makeReport(
      wander(2),
      {},
      {
        verdict: { client_limited: true, reasons: ["it was busy"] },
      },
    );
    expect(warningsOf(makeReport(wander(1)), limited)).toMatch(/^B .*\(it was busy\)$/);
  });

  test("report that a run is too short for stretches of time", () => {
    const short = () => makeReport(wander(1, 1, 2));
    expect(compareReports(short(), short()).warnings).toHaveLength(1);
    expect(of(short(), makeReport(wander(5, 2, 2)), "p50").isReal).toBe(true);
    expect(of(short(), short(), "p50").isReal).toBe(false);
  });

  test("report that ghz lists a part of the calls", () => {
    const { unblock: _, ...listed } = makeReport(wander(1), {
      details: Array.from({ length: 100 }, (_, call) => ({
        timestamp: new Date(1e12 + call * 100).toISOString(),
        latency: 1e6 * (1 + (call % 7)),
        error: "",
        status: "OK",
      })),
    });
    const ghz = completeReport(listed);
    expect(warningsOf(ghz, ghz)).toMatch(/^A .* 100 of its 2400 calls/m);
    expect(of(ghz, ghz, "p50")).toMatchObject({ difference: 0, isReal: false });
  });

  test("of runs without calls all values are 0", () => {
    const none = makeReport([]);
    for (const { a, b, difference, interval } of compareReports(none, none).metrics) {
      expect([a, b, difference, ...interval]).toEqual([0, 0, 0, 0, 0]);
    }
  });
});

describe("a rule", () => {
  const compared = compareReports(makeReport(wander(1)), makeReport(wander(2, 1.5))).metrics;
  const better = compareReports(makeReport(wander(2, 1.5)), makeReport(wander(1))).metrics;

  test.each([
    ["p50+10%", true],
    ["p50+90%", false],
    ["p50+1ms", true],
    ["p50 + 100ms", false],
    ["p99.9+1%", false],
    ["rate-5%", false],
    ["errors+0.1%", false],
  ])("%s fails: %s", (text, fails) => {
    expect(parseFailOn(text).failedBy(compared)).toBe(fails);
  });

  test("does not fail on an improvement", () => {
    expect(parseFailOn("p50+1%").failedBy(better)).toBe(false);
  });

  test.each(["", "p98+10%", "p99-10%", "rate+10%", "errors+5ms", "p99+10"])(
    "%j is rejected",
    (text) => {
      expect(() => parseFailOn(text)).toThrow(InvalidArgumentError);
    },
  );
});

test("the table fits 80 columns and has a conclusion per metric", () => {
  const comparison = compareReports(makeReport(wander(1)), makeReport(wander(2, 1.5)));
  const table = renderComparison(comparison, plainPaint);
  expect(table).toMatch(/^A 2,400 calls, B 2,400 calls;/);
  expect(table).toMatch(/p50 .*\+\d+\.\d % .* … .* WORSE/);
  expect(table).toMatch(/p99.9 .* too few calls/);
  expect(table).toMatch(/rate .* no difference/);
  for (const line of table.split("\n").filter((text) => !text.includes("note:"))) {
    expect(line.length).toBeLessThanOrEqual(80);
  }
});
