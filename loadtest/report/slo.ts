import { InvalidArgumentError } from "commander";
import type { LatencyHistogram } from "../histogram.ts";
import type { LoadResult } from "../run/run.ts";
import type { SloResult } from "./report.ts";

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

const operators: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** Parses "p99<50ms", "errors<0.1%", "errors<=3", "mean<2ms" or "rate>=500". */
export function parseSlo(text: string): Slo {
  const [, metric = "", operator = "", number, unit = ""] = form.exec(text.trim()) ?? [];
  const measure = measureOf(metric, unit);
  const compare = operators[operator];
  if (measure === undefined || compare === undefined) {
    throw new InvalidArgumentError(
      `Expected a threshold such as "p99<50ms", "errors<0.1%", "errors<=3" or "rate>100", got "${text}".`,
    );
  }
  return { text, measure, holds: (measured) => compare(measured, Number(number)) };
}

/** Checks a threshold. Without calls, no threshold holds. */
export function checkSlo({ text, measure, holds }: Slo, figures: LoadFigures): SloResult {
  const measured = figures.calls === 0 ? 0 : measure(figures);
  return { slo: text, measured, held: figures.calls > 0 && holds(measured) };
}

const perMs: Readonly<Record<string, number>> = { us: 1_000, ms: 1, s: 0.001 };

/** @returns undefined when the unit is not one of the metric */
function measureOf(metric: string, unit: string): Slo["measure"] | undefined {
  switch (`${metric}${unit}`) {
    case "errors":
      return ({ errors }) => errors;
    case "errors%":
      return ({ errors, calls }) => (errors / calls) * 100;
    case "rate":
    case "rate/s":
      return ({ ratePerSecond }) => ratePerSecond;
  }
  const factor = perMs[unit];
  if (factor === undefined || metric === "errors" || metric === "rate") {
    return undefined;
  }
  const percentage = { min: 0, max: 100 }[metric] ?? Number(metric.slice(1));
  return ({ latency }) =>
    factor * (metric === "mean" ? latency.mean : latency.percentile(percentage));
}
