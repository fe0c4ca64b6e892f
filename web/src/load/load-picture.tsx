import type { LoadFigures, LoadInterval } from "@unblock/proto/gen/lab";
import { count, ms } from "@unblock/terminal/numbers";
import { useMemo } from "preact/hooks";
import type UPlot from "uplot";
import { axis, type ChartOptions, curve, DataTable, Legend, Plot, still } from "../charts.tsx";
import type { Load } from "./load-model.ts";
import { nameOf, PercentileChart } from "./percentile-chart.tsx";

interface LoadPictureProps {
  readonly load: Load;
  /** Changes with every change of the load, which changes in place. */
  readonly version: number;
}

/** A load, running or ended. */
export function LoadPicture({ load, version }: LoadPictureProps) {
  const { figures, intervals, summary } = load;
  const curves = useMemo(
    () => (figures === undefined ? [] : [{ name: nameOf(load), percentiles: figures.percentiles }]),
    [load, figures],
  );
  return (
    <div class="load">
      {summary !== "" && <p class="summary">{summary}</p>}
      {figures !== undefined && <Figures figures={figures} />}
      <LoadCharts intervals={intervals} version={version} />
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

const seconds = axis({ values: (_, ticks) => ticks.map((tick) => `${tick} s`), size: 28 });
const scales: UPlot.Scales = {
  x: { time: false },
  y: { range: (_, __, max) => [0, Math.max(1, 1.1 * max)] },
};

const rateOptions: ChartOptions = {
  ...still,
  scales,
  axes: [seconds, axis({ size: 56 })],
  series: [{}, curve("calls", "--first"), curve("errors", "--bad", { dash: [3, 3] })],
};

const latencyOptions: ChartOptions = {
  ...still,
  scales,
  axes: [seconds, axis({ size: 56, values: (_, ticks) => ticks.map((tick) => `${tick} ms`) })],
  series: [{}, curve("p50", "--first"), curve("p99", "--second", { dash: [8, 3] })],
};

interface LoadChartsProps {
  readonly intervals: readonly LoadInterval[];
  readonly version: number;
}

/** Rate, errors and latencies per second. */
function LoadCharts({ intervals, version }: LoadChartsProps) {
  const { rates, latencies } = useMemo(() => columnsOf(intervals), [intervals, version]);
  const charts = [
    {
      title: "Calls and errors per second",
      legend: [
        { swatch: "first", text: "calls" },
        { swatch: "bad", text: "errors" },
      ],
      options: rateOptions,
      data: rates,
    },
    {
      title: "Latency per second, p50 and p99",
      legend: [
        { swatch: "first", text: "p50" },
        { swatch: "second", text: "p99" },
      ],
      options: latencyOptions,
      data: latencies,
    },
  ];
  return (
    <>
      {charts.map(({ title, legend, options, data }) => (
        <section class="picture" key={title}>
          <h3>{title}</h3>
          <Legend entries={legend} />
          <Plot label={title} heightPx={160} options={options} data={data} />
        </section>
      ))}
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

function columnsOf(all: readonly LoadInterval[]): {
  rates: UPlot.AlignedData;
  latencies: UPlot.AlignedData;
} {
  const intervals = all.filter(({ startMs, endMs }) => endMs - startMs >= minIntervalMs);
  const ends = intervals.map(({ endMs }) => endMs / 1_000);
  const perSecond = (count: (one: LoadInterval) => number) =>
    intervals.map((one) => (1_000 * count(one)) / Math.max(1, one.endMs - one.startMs));
  // A second in which no call ended is a gap in the curve.
  const latency = (value: (one: LoadInterval) => number) =>
    intervals.map((one) => (one.calls === 0 ? null : value(one)));
  return {
    rates: [ends, perSecond(({ calls }) => calls), perSecond(({ errors }) => errors)],
    latencies: [ends, latency(({ p50Ms }) => p50Ms), latency(({ p99Ms }) => p99Ms)],
  };
}
