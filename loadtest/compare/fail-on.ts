import { InvalidArgumentError } from "commander";
import type { MetricComparison } from "./compare.ts";
import { metrics } from "./metrics.ts";

/** How much worse a metric may become. */
export interface FailOn {
  /** As it was given. */
  readonly text: string;
  readonly failedBy: (compared: readonly MetricComparison[]) => boolean;
}

const names = metrics.map(({ name }) => name);

/**
 * Parses "p99+10%", "p99+5ms", "errors+0.1%" (percentage points) or "rate-5%". It fails when B is
 * worse than A by more than that and the difference is real.
 */
export function parseFailOn(text: string): FailOn {
  const [, name, sign, number, unit] =
    /^([a-z0-9.]+?)\s*([+-])\s*(\d+(?:\.\d+)?)\s*(ms|%)$/.exec(text.trim()) ?? [];
  const metric = metrics.find((one) => one.name === name);
  if (metric === undefined || unit === undefined) {
    throw new InvalidArgumentError(
      `Expected one of ${names.join(", ")} with how much it may grow or shrink, such as "p99+10%", "p99+5ms" or "rate-5%", got "${text}".`,
    );
  }
  const worse = metric.lowerIsBetter ? "+" : "-";
  if (sign !== worse) {
    throw new InvalidArgumentError(
      `Expected ${name}${worse}…, which is its worse side, got "${text}".`,
    );
  }
  if (unit === "ms" && metric.unit !== "ms") {
    throw new InvalidArgumentError(`Expected ${name} in %, got "${text}".`);
  }
  const limit = Number(number);
  // An error rate is a percentage itself; a part of it would be hard to read.
  const absolute = unit === "ms" || metric.unit === "%";
  return {
    text,
    failedBy: (compared) => {
      const found = compared.find((one) => one.metric === metric);
      if (found === undefined || !found.isReal) {
        return false;
      }
      const change = absolute ? found.difference : (found.differencePercent ?? 0);
      return (metric.lowerIsBetter ? change : -change) > limit;
    },
  };
}
