import { useMemo } from "preact/hooks";
import type UPlot from "uplot";
import type { Percentile } from "../../../gen/unblock/v1/lab_pb.ts";
import { DataTable } from "../charts/data-table.tsx";
import { Legend } from "../charts/legend.tsx";
import { Plot } from "../charts/plot.tsx";
import { axis, curve, still } from "../charts/styles.ts";
import { percentileColumns } from "./percentile-columns.ts";

export interface Curve {
  readonly name: string;
  readonly percentiles: readonly Percentile[];
}

const heightPx = 240;

/** How each curve differs from the others: by colour and by dash. */
const looks = [
  { swatch: "first", colour: "--first", dash: [] },
  { swatch: "second", colour: "--second", dash: [8, 3] },
];

/** Latency by percentile, of one load or of two. The further right, the rarer. */
export function PercentileChart({ curves }: { readonly curves: readonly Curve[] }) {
  const names = curves.map(({ name }) => name);
  const { percentiles, data } = useMemo(() => percentileColumns(curves), [curves]);
  // Only the names are in them.
  const options = useMemo(() => percentileOptions(names), [names.join("\n")]);
  return (
    <section class="picture">
      <h3>Latency by percentile</h3>
      <Legend entries={names.map((text, at) => ({ swatch: looks[at]?.swatch ?? "first", text }))} />
      <Plot
        label={`Latency by percentile of ${names.join(" and ")}`}
        heightPx={heightPx}
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

function percentileOptions(names: readonly string[]): Omit<UPlot.Options, "width" | "height"> {
  return {
    ...still,
    scales: { x: { time: false } },
    axes: [
      axis({
        splits: (_, __, min, max) => [0, 1, 2, 3, 4].filter((at) => at >= min && at <= max),
        values: (_, nines) => nines.map((at) => `${Number((100 * (1 - 10 ** -at)).toFixed(4))} %`),
        size: 28,
      }),
      axis({ size: 64, values: (_, marks) => marks.map((mark) => `${mark} ms`) }),
    ],
    series: [
      {},
      ...names.map((name, at) => {
        const { colour, dash } = looks[at] ?? { colour: "--first", dash: [] };
        return curve(name, colour, { dash });
      }),
    ],
  };
}
