import { describe, expect, test } from "vitest";
import { LatencyHistogram } from "../histogram.ts";
import { checkSlo, parseSlo } from "./slo.ts";

const latency = new LatencyHistogram();
for (let ms = 1; ms <= 1_000; ms++) {
  latency.record(ms);
}
const figures = { latency, calls: 1_000, errors: 2, ratePerSecond: 123.4 };

describe("a threshold", () => {
  test.each([
    ["p99<1s", true, 0.99],
    ["p99<990ms", false, 990],
    ["p50 <= 501ms", true, 500],
    ["p99.9>900000us", true, 999_000],
    ["max<1001.5ms", true, 1_000],
    ["min>=1ms", true, 1],
    ["mean<500ms", false, 500.5],
    ["errors<0.1%", false, 0.2],
    ["errors<=0.2%", true, 0.2],
    ["errors<=2", true, 2],
    ["errors<2", false, 2],
    ["rate>100", true, 123.4],
    ["rate>=200/s", false, 123.4],
  ])("%s: held %s, measured %d", (text, held, measured) => {
    const result = checkSlo(parseSlo(text), figures);
    expect(result).toMatchObject({ slo: text, held });
    expect(result.measured / measured).toBeCloseTo(1, 2);
  });

  test.each(["p99<1s", "errors<1%", "errors<=0", "rate>=0"])(
    "%s is not held without calls",
    (text) => {
      const none = { latency: new LatencyHistogram(), calls: 0, errors: 0, ratePerSecond: 0 };
      expect(checkSlo(parseSlo(text), none)).toEqual({ slo: text, held: false, measured: 0 });
    },
  );

  test.each([
    ["", "Expected a threshold such as"],
    ["p99", "Expected a threshold such as"],
    ["p99=50ms", "Expected a threshold such as"],
    ["p101<50ms", "Expected a threshold such as"],
    ["p99<fast", "Expected a threshold such as"],
    ["p99<50", 'Expected a time in us, ms or s, got "p99<50"'],
    ["p99<50%", "Expected a time in us, ms or s"],
    ["errors<5ms", "Expected errors in % or as a number"],
    ["rate>5ms", "Expected a rate in calls a second"],
  ])("%j is refused", (text, message) => {
    expect(() => parseSlo(text)).toThrow(message);
  });
});
