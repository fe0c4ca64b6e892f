import { InvalidArgumentError } from "commander";
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
  ])("%s: held is %s, measured is %d", (text, held, measured) => {
    const result = checkSlo(parseSlo(text), figures);
    expect(result).toMatchObject({ slo: text, held });
    expect(result.measured / measured).toBeCloseTo(1, 2);
  });

  test.each(["p99<1s", "errors<1%", "errors<=0", "rate>=0"])(
    "%s does not hold without calls",
    (text) => {
      const none = { latency: new LatencyHistogram(), calls: 0, errors: 0, ratePerSecond: 0 };
      expect(checkSlo(parseSlo(text), none)).toEqual({ slo: text, held: false, measured: 0 });
    },
  );

  test.each([
    ...["", "p99", "p99=50ms", "p101<50ms", "p99<fast"],
    ...["p99<50", "p99<50%", "errors<5ms", "rate>5ms"],
  ])("%j is rejected", (text) => {
    expect(() => parseSlo(text)).toThrow(InvalidArgumentError);
  });
});
