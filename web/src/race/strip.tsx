import { useMemo, useRef } from "preact/hooks";
import UPlot from "uplot";
import { Plot } from "../charts/plot.tsx";
import { axis, curve, still } from "../charts/styles.ts";
import { colour } from "../theme.ts";
import type { Burst } from "./race-model.ts";
import { stripData } from "./strip-data.ts";
import { axisMarks, markText, type TimeAxis } from "./time-axis.ts";

interface StripProps {
  readonly burst: Burst;
  /** The burst's, which changes in place. */
  readonly version: number;
  readonly axis: TimeAxis;
}

const heightPx = 96;
/** A part of the time holds for all of that time. */
const stepped = UPlot.paths.stepped?.({ align: -1 });

/** Under the bars, on their time axis: what the server and a bystander felt meanwhile. */
export function Strip({ burst, version, axis: time }: StripProps) {
  const latestAxis = useRef(time);
  latestAxis.current = time;
  // The burst changes in place.
  const data = useMemo(() => stripData(burst), [burst, version, time.totalMs]);
  // Gutters follow the width alone.
  const options = useMemo(() => stripOptions(() => latestAxis.current), [time.leftPx]);
  return (
    <Plot
      label={`Event loop and bystander during the burst with ${burst.strategy}`}
      heightPx={heightPx}
      options={options}
      data={data}
    />
  );
}

function stripOptions(time: () => TimeAxis): Omit<UPlot.Options, "width" | "height"> {
  const { leftPx, rightPx } = time();
  return {
    ...still,
    padding: [6, rightPx, 0, 0],
    scales: {
      x: { time: false, range: () => [0, time().totalMs] },
      y: { range: (_, __, max) => [0, Math.max(10, max * 1.05)] },
      percent: { range: [0, 100] },
    },
    axes: [
      axis({
        splits: () => axisMarks(time()),
        values: (_, marks) => marks.map((mark) => markText(mark, time().totalMs)),
        size: 26,
      }),
      axis({ size: leftPx, space: 28, values: (_, marks) => marks.map((mark) => `${mark} ms`) }),
    ],
    series: [
      {},
      curve("loop delay", "--delay"),
      curve("bystander", "--bystander", { dash: [5, 3], width: 1.5 }),
      curve("utilization", "--utilization", {
        scale: "percent",
        width: 1,
        fill: () => colour("--utilization-fill"),
        ...(stepped === undefined ? {} : { paths: stepped }),
      }),
    ],
  };
}
