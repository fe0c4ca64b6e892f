import type { LoadFigures, LoadInterval, Percentile } from "@unblock/proto/gen/lab";
import { count, ms } from "@unblock/terminal/numbers";
import { useMemo } from "preact/hooks";
import type UPlot from "uplot";
import { axis, Chart, type ChartOptions, curve, DataTable, fromZero, inUnit } from "../charts.tsx";
import type { Load } from "../run-models.ts";

/** A load, running or ended. */
export function LoadPicture({ load }: { readonly load: Load }) {
  const { figures, intervals, summary } = load;
  const curves = useMemo(() => [load].flatMap(curvesOf), [figures]);
  return (
    <div class="load">
      {summary !== "" && <p class="summary">{summary}</p>}
      {figures !== undefined && <Figures figures={figures} />}
      <LoadCharts intervals={intervals} />
      {curves.length > 0 && <PercentileChart curves={curves} />}
    </div>
  );
}

function Figures({ figures }: { readonly figures: LoadFigures }) {
  const { calls, errors, callsPerSecond, percentiles, statuses, doubts } = figures;
  const latencies = percentiles
    .filter(({ percentile }) => [50, 90, 99].includes(percentile))
    .map(({ percentile, latencyMs }) => [`p${percentile}`, `${ms(latencyMs)} ms`]);
  const numbers = [
    ["calls", calls.toLocaleString("en-US")],
    ["per second", callsPerSecond.toFixed(0)],
    ["failed", errors.toLocaleString("en-US")],
    ...latencies,
  ];
  return (
    <>
      {doubts.length > 0 && (
        <p class="trouble" role="alert">
          <strong>Not trustworthy.</strong> {doubts.join("; ")}
        </p>
      )}
      <dl class="numbers">
        {numbers.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <ul class="statuses">
        {statuses.map((status) => (
          <li key={status.code}>
            {status.code === "ok" ? "✓" : "✗"} {status.code}: {count(status.calls)}
          </li>
        ))}
      </ul>
    </>
  );
}

/** After the load's end follow the last responses; a rate over so short a time means nothing. */
const minIntervalMs = 500;

const seconds = axis({ values: inUnit("s"), size: 28 });
const scales: UPlot.Scales = { x: { time: false }, y: { range: fromZero(1, 1.1) } };

const rateOptions: ChartOptions = {
  scales,
  axes: [seconds, axis({ size: 56 })],
  series: [{}, curve("calls", "--first"), curve("errors", "--bad", { dash: [3, 3] })],
};

const latencyOptions: ChartOptions = {
  scales,
  axes: [seconds, axis({ size: 56, values: inUnit("ms") })],
  series: [{}, curve("p50", "--first"), curve("p99", "--second", { dash: [8, 3] })],
};

/** Rate, errors and latencies per second. */
function LoadCharts({ intervals }: { readonly intervals: readonly LoadInterval[] }) {
  const { rates, latencies } = useMemo(() => columnsOf(intervals), [intervals]);
  return (
    <>
      <Chart
        title="Calls and errors per second"
        legend={[
          ["first", "calls"],
          ["bad", "errors"],
        ]}
        heightPx={160}
        options={rateOptions}
        data={rates}
      />
      <Chart
        title="Latency per second, p50 and p99"
        legend={[
          ["first", "p50"],
          ["second", "p99"],
        ]}
        heightPx={160}
        options={latencyOptions}
        data={latencies}
      />
      <DataTable
        caption="Seconds"
        columns={["until s", "calls", "errors", "p50 ms", "p99 ms", "limited by the load client"]}
        rows={() =>
          intervals.map((one) => [
            (one.endMs / 1_000).toFixed(1),
            one.calls,
            one.errors,
            one.p50Ms.toFixed(1),
            one.p99Ms.toFixed(1),
            one.clientLimited ? "yes" : "no",
          ])
        }
      />
    </>
  );
}

function columnsOf(all: readonly LoadInterval[]): Record<"rates" | "latencies", UPlot.AlignedData> {
  const intervals = all.filter(({ startMs, endMs }) => endMs - startMs >= minIntervalMs);
  const ends = intervals.map(({ endMs }) => endMs / 1_000);
  const perSecond = (count: (one: LoadInterval) => number) =>
    intervals.map((one) => (1_000 * count(one)) / (one.endMs - one.startMs));
  // A second in which no call ended is a gap in the curve.
  const latency = (value: (one: LoadInterval) => number) =>
    intervals.map((one) => (one.calls === 0 ? null : value(one)));
  return {
    rates: [ends, perSecond(({ calls }) => calls), perSecond(({ errors }) => errors)],
    latencies: [ends, latency(({ p50Ms }) => p50Ms), latency(({ p99Ms }) => p99Ms)],
  };
}

export interface Curve {
  readonly name: string;
  readonly percentiles: readonly Percentile[];
}

/** Returns the curve of a load; none before the load has ended. */
export function curvesOf({ exercise, strategy, ratePerSecond, figures }: Load): Curve[] {
  const name = `${exercise} ${strategy || "recommended"}, ${ratePerSecond}/s`;
  return figures === undefined ? [] : [{ name, percentiles: figures.percentiles }];
}

const swatchOf = (at: number) => (at === 0 ? "first" : "second");

/** Latency by percentile, of one or two loads. */
export function PercentileChart({ curves }: { readonly curves: readonly Curve[] }) {
  const names = curves.map(({ name }) => name);
  const { percentiles, data } = useMemo(() => percentilesOf(curves), [curves]);
  // The options depend on the names alone.
  const options = useMemo(() => percentileOptions(names), [names.join("\n")]);
  return (
    <>
      <Chart
        title="Latency by percentile"
        label={`Latency by percentile of ${names.join(" and ")}`}
        legend={names.map((text, at) => [swatchOf(at), text])}
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
    </>
  );
}

function percentileOptions(names: readonly string[]): ChartOptions {
  return {
    scales: { x: { time: false } },
    axes: [
      axis({
        splits: (_, __, min, max) => [0, 1, 2, 3, 4].filter((at) => at >= min && at <= max),
        values: (_, nines) => nines.map((at) => `${Number((100 * (1 - 10 ** -at)).toFixed(4))} %`),
        size: 28,
      }),
      axis({ size: 64, values: inUnit("ms") }),
    ],
    series: [
      {},
      ...names.map((name, at) =>
        curve(name, `--${swatchOf(at)}`, { dash: at === 0 ? [] : [8, 3] }),
      ),
    ],
  };
}

/** The 100th percentile has infinitely many nines and cannot be shown. */
const maxNines = 5;

/** All curves on one axis, on which each step to the right is ten times as rare. */
function percentilesOf(curves: readonly Curve[]): {
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
