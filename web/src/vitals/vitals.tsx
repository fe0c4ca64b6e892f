import { useMemo } from "preact/hooks";
import type UPlot from "uplot";
import { DataTable } from "../charts/data-table.tsx";
import { Legend } from "../charts/legend.tsx";
import { Plot } from "../charts/plot.tsx";
import { axis, curve, still } from "../charts/styles.ts";
import { ms, percent } from "../numbers.ts";
import { TroubleNote } from "../parts/trouble-note.tsx";
import { PlacesTable } from "./places-table.tsx";
import { mostLooks, useVitals } from "./use-vitals.ts";

const heightPx = 110;

const options: Omit<UPlot.Options, "width" | "height"> = {
  ...still,
  scales: {
    x: { time: false, range: [1 - mostLooks, 0] },
    y: { range: (_, __, max) => [0, Math.max(10, max * 1.05)] },
    percent: { range: [0, 100] },
  },
  axes: [
    axis({ values: (_, marks) => marks.map((mark) => `${mark} s`), size: 26 }),
    axis({ size: 60, values: (_, marks) => marks.map((mark) => `${mark} ms`) }),
  ],
  series: [
    {},
    curve("longest delay", "--delay"),
    curve("utilization", "--utilization", { scale: "percent", dash: [5, 3] }),
  ],
};

/** Loop and pools, a look a second, as long as this is shown. */
export function Vitals() {
  const { looks, trouble } = useVitals();
  const data = useMemo<UPlot.AlignedData>(
    () => [
      looks.map((_, index) => index - looks.length + 1),
      looks.map(({ eventLoop }) => eventLoop?.delayMaxMs ?? null),
      looks.map(({ eventLoop }) => 100 * (eventLoop?.utilization ?? 0)),
    ],
    [looks],
  );
  const last = looks.at(-1);
  const loop = last?.eventLoop;
  return (
    <>
      <TroubleNote trouble={trouble} onToken={() => {}} />
      {last !== undefined && (
        <p>
          Loop: longest delay {ms(loop?.delayMaxMs ?? 0)} ms, p99 {ms(loop?.delayP99Ms ?? 0)} ms,
          utilization {percent(loop?.utilization ?? 0)}; {last.callsInProgress} calls in progress.
        </p>
      )}
      <Legend
        entries={[
          { swatch: "delay", text: "longest loop delay" },
          { swatch: "looped", text: "loop utilization, up to 100 %" },
        ]}
      />
      <Plot
        label="The event loop's longest delay and utilization in the last two minutes"
        heightPx={heightPx}
        options={options}
        data={data}
      />
      <DataTable
        caption="Looks at the loop"
        columns={["look", "longest delay ms", "utilization"]}
        rows={() =>
          looks.map(({ eventLoop }, index) => [
            index - looks.length + 1,
            ms(eventLoop?.delayMaxMs ?? 0),
            percent(eventLoop?.utilization ?? 0),
          ])
        }
      />
      <PlacesTable places={last?.places ?? []} />
    </>
  );
}
