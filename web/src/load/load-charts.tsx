import { useMemo } from "preact/hooks";
import type UPlot from "uplot";
import type { LoadInterval } from "../../../gen/unblock/v1/lab_pb.ts";
import { DataTable } from "../charts/data-table.tsx";
import { Legend } from "../charts/legend.tsx";
import { Plot } from "../charts/plot.tsx";
import { axis, curve, still } from "../charts/styles.ts";

interface LoadChartsProps {
  readonly intervals: readonly LoadInterval[];
  /** Changes whenever there are more. */
  readonly version: number;
}

const heightPx = 160;
const seconds = axis({ values: (_, marks) => marks.map((mark) => `${mark} s`), size: 28 });
const scales: UPlot.Scales = {
  x: { time: false },
  y: { range: (_, __, max) => [0, Math.max(1, 1.1 * max)] },
};

const rateOptions: Omit<UPlot.Options, "width" | "height"> = {
  ...still,
  scales,
  axes: [seconds, axis({ size: 56 })],
  series: [{}, curve("calls", "--first"), curve("errors", "--bad", { dash: [3, 3] })],
};

const latencyOptions: Omit<UPlot.Options, "width" | "height"> = {
  ...still,
  scales,
  axes: [seconds, axis({ size: 56, values: (_, marks) => marks.map((mark) => `${mark} ms`) })],
  series: [{}, curve("p50", "--first"), curve("p99", "--second", { dash: [8, 3] })],
};

/** Rate, errors and latencies, second by second. */
export function LoadCharts({ intervals, version }: LoadChartsProps) {
  // Intervals are added in place.
  const data = useMemo(() => columnsOf(intervals), [intervals, version]);
  return (
    <>
      <section class="picture">
        <h3>Calls and errors a second</h3>
        <Legend
          entries={[
            { swatch: "first", text: "calls" },
            { swatch: "bad", text: "errors" },
          ]}
        />
        <Plot
          label="Calls and errors a second"
          heightPx={heightPx}
          options={rateOptions}
          data={data.rates}
        />
      </section>
      <section class="picture">
        <h3>Latency, p50 and p99</h3>
        <Legend
          entries={[
            { swatch: "first", text: "p50" },
            { swatch: "second", text: "p99" },
          ]}
        />
        <Plot
          label="Latency of each second's calls, p50 and p99"
          heightPx={heightPx}
          options={latencyOptions}
          data={data.latencies}
        />
      </section>
      <DataTable
        caption="Seconds"
        columns={[
          "until s",
          "calls",
          "errors",
          "p50 ms",
          "p99 ms",
          "the load process was the limit",
        ]}
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

/** After the load's end come the last answers; a rate of so short a time says nothing. */
const shortestDrawnMs = 500;

function columnsOf(all: readonly LoadInterval[]): {
  rates: UPlot.AlignedData;
  latencies: UPlot.AlignedData;
} {
  const intervals = all.filter(({ startMs, endMs }) => endMs - startMs >= shortestDrawnMs);
  const ends = intervals.map(({ endMs }) => endMs / 1_000);
  const perSecond = (count: (one: LoadInterval) => number) =>
    intervals.map((one) => (1_000 * count(one)) / Math.max(1, one.endMs - one.startMs));
  // A second in which no call ended has no latency: a gap, not a fast one.
  const latency = (value: (one: LoadInterval) => number) =>
    intervals.map((one) => (one.calls === 0 ? null : value(one)));
  return {
    rates: [ends, perSecond(({ calls }) => calls), perSecond(({ errors }) => errors)],
    latencies: [ends, latency(({ p50Ms }) => p50Ms), latency(({ p99Ms }) => p99Ms)],
  };
}
