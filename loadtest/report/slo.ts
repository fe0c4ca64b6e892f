import { InvalidArgumentError } from "commander";
import type { LatencyHistogram } from "../histogram.ts";
import type { LoadResult } from "../run/run.ts";
import type { SloResult } from "./report.ts";

/** A threshold. */
export interface Slo {
  readonly text: string;
  /** Measured value in the unit of the threshold. */
  readonly measure: (figures: LoadFigures) => number;
  readonly holds: (measured: number) => boolean;
}

export interface LoadFigures {
  readonly latency: LatencyHistogram;
  readonly calls: number;
  readonly errors: number;
  /** Counts only calls with a response. */
  readonly ratePerSecond: number;
}

export function figuresOf({ latency, codes, wallMs, unfinished }: LoadResult): LoadFigures {
  return {
    latency,
    calls: latency.count,
    errors: latency.count - (codes.ok ?? 0),
    ratePerSecond: wallMs === 0 ? 0 : ((latency.count - unfinished) / wallMs) * 1_000,
  };
}

const form =
  /^(p\d{1,2}(?:\.\d+)?|p100|min|mean|max|errors|rate)\s*(<=|<|>=|>)\s*(\d+(?:\.\d+)?)\s*(us|ms|s|%|\/s)?$/;
const perMs = { us: 1_000, ms: 1, s: 0.001 };

const compare = {
  "<": (a: number, b: number) => a < b,
  "<=": (a: number, b: number) => a <= b,
  ">": (a: number, b: number) => a > b,
  ">=": (a: number, b: number) => a >= b,
};

/** Parses "p99<50ms", "errors<0.1%", "errors<=3", "mean<2ms" or "rate>=500". */
export function parseSlo(text: string): Slo {
  const [, metric, operator, number, unit] = form.exec(text.trim()) ?? [];
  if (metric === undefined || number === undefined || !isOperator(operator)) {
    throw new InvalidArgumentError(
      `Expected a threshold such as "p99<50ms", "errors<0.1%" or "rate>100", got "${text}".`,
    );
  }
  const limit = Number(number);
  return {
    text,
    measure: measureOf(text, metric, unit),
    holds: (measured) => compare[operator](measured, limit),
  };
}

/** Checks a threshold. Without calls, no threshold holds. */
export function checkSlo({ text, measure, holds }: Slo, figures: LoadFigures): SloResult {
  const measured = figures.calls === 0 ? 0 : measure(figures);
  return { slo: text, measured, held: figures.calls > 0 && holds(measured) };
}

function measureOf(text: string, metric: string, unit: string | undefined): Slo["measure"] {
  switch (metric) {
    case "errors":
      if (unit === "%") {
        return ({ errors, calls }) => (errors / calls) * 100;
      }
      if (unit === undefined) {
        return ({ errors }) => errors;
      }
      throw new InvalidArgumentError(`Expected errors in % or as a number, got "${text}".`);
    case "rate":
      if (unit === undefined || unit === "/s") {
        return ({ ratePerSecond }) => ratePerSecond;
      }
      throw new InvalidArgumentError(`Expected a rate in calls per second, got "${text}".`);
    default: {
      if (unit !== "us" && unit !== "ms" && unit !== "s") {
        throw new InvalidArgumentError(`Expected a time in us, ms or s, got "${text}".`);
      }
      return ({ latency }) => latencyOf(latency, metric) * perMs[unit];
    }
  }
}

function latencyOf(latency: LatencyHistogram, metric: string): number {
  switch (metric) {
    case "min":
      return latency.min;
    case "mean":
      return latency.mean;
    case "max":
      return latency.max;
    default:
      return latency.percentile(Number(metric.slice(1)));
  }
}

function isOperator(text: string | undefined): text is keyof typeof compare {
  return text !== undefined && text in compare;
}
