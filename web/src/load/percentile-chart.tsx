import type { Percentile } from "@unblock/proto/gen/lab";
import { useMemo } from "preact/hooks";
import type UPlot from "uplot";
import { axis, type ChartOptions, curve, DataTable, Legend, Plot, still } from "../charts.tsx";
import type { Load } from "./load-model.ts";

export interface Curve {
  readonly name: string;
  readonly percentiles: readonly Percentile[];
}

/** Name of a load's curve. */
export function nameOf({ exercise, strategy, ratePerSecond }: Load): string {
  return `${exercise} ${strategy === "" ? "recommended" : strategy}, ${ratePerSecond}/s`;
}

const curveStyles = [
  { swatch: "first", colour: "--first", dash: [] },
  { swatch: "second", colour: "--second", dash: [8, 3] },
] as const;

/** Latency by percentile, of one or two loads. */
export function PercentileChart({ curves }: { readonly curves: readonly Curve[] }) {
  const names = curves.map(({ name }) => name);
  const { percentiles, data } = useMemo(() => columnsOf(curves), [curves]);
  // The options depend on the names alone.
  const options = useMemo(() => optionsOf(names), [names.join("\n")]);
  return (
    <section class="picture">
      <h3>Latency by percentile</h3>
      <Legend
        entries={names.map((text, at) => ({ swatch: curveStyles[at]?.swatch ?? "first", text }))}
      />
      <Plot
        label={`Latency by percentile of ${names.join(" and ")}`}
        heightPx={240}
        options={options}
        data={data}
      />
      <DataTable
        caption="Percentiles"
        columns={["percentile", ...names.map((name) => `${name}, ms`)]}
        rows={() =>
          percentiles.map((percentile, row) => [
            `${percentile} %`,
            ...data.slice(1).map((column) => column[row]?.toFixed(1) ?? "–"),
          ])
        }
      />
    </section>
  );
}

function optionsOf(names: readonly string[]): ChartOptions {
  return {
    ...still,
    scales: { x: { time: false } },
    axes: [
      axis({
        splits: (_, __, min, max) => [0, 1, 2, 3, 4].filter((at) => at >= min && at <= max),
        values: (_, nines) => nines.map((at) => `${Number((100 * (1 - 10 ** -at)).toFixed(4))} %`),
        size: 28,
      }),
      axis({ size: 64, values: (_, ticks) => ticks.map((tick) => `${tick} ms`) }),
    ],
    series: [
      {},
      ...names.map((name, at) => {
        const { colour, dash } = curveStyles[at] ?? curveStyles[0];
        return curve(name, colour, { dash: [...dash] });
      }),
    ],
  };
}

/** The 100th percentile has infinitely many nines and cannot be shown. */
const maxNines = 5;

/** All curves on one axis, on which each step to the right is ten times as rare. */
function columnsOf(curves: readonly Curve[]): {
  readonly percentiles: readonly number[];
  readonly data: UPlot.AlignedData;
} {
  const all = curves.flatMap(({ percentiles }) => percentiles.map(({ percentile }) => percentile));
  const percentiles = [...new Set(all)]
    .filter((percentile) => ninesOf(percentile) <= maxNines)
    .sort((a, b) => a - b);
  const latencies = ({ percentiles: known }: Curve) =>
    percentiles.map(
      (percentile) => known.find((one) => one.percentile === percentile)?.latencyMs ?? null,
    );
  return { percentiles, data: [percentiles.map(ninesOf), ...curves.map(latencies)] };
}

/** 0 for 0 %, 1 for 90 %, 2 for 99 %. */
function ninesOf(percentile: number): number {
  return -Math.log10(1 - percentile / 100);
}
