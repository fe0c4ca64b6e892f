import type UPlot from "uplot";
import type { Curve } from "./percentile-chart.tsx";

/** Beyond this many nines there is no percentile to show: the longest call has all of them. */
const mostNines = 5;

/** The curves on one axis, on which each step right is ten times as rare. */
export function percentileColumns(curves: readonly Curve[]): {
  readonly percentiles: readonly number[];
  readonly data: UPlot.AlignedData;
} {
  const all = curves.flatMap(({ percentiles }) => percentiles.map(({ percentile }) => percentile));
  const percentiles = [...new Set(all)]
    .filter((percentile) => ninesOf(percentile) <= mostNines)
    .sort((a, b) => a - b);
  return {
    percentiles,
    data: [
      percentiles.map(ninesOf),
      ...curves.map((one) =>
        percentiles.map(
          (percentile) =>
            one.percentiles.find((other) => other.percentile === percentile)?.latencyMs ?? null,
        ),
      ),
    ],
  };
}

/** 0 for 0 %, 1 for 90 %, 2 for 99 %. */
function ninesOf(percentile: number): number {
  return -Math.log10(1 - percentile / 100);
}
