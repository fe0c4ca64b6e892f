import { findExercise } from "@unblock/proto/exercises";
import { count, ms } from "@unblock/terminal/numbers";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import UPlot from "uplot";
import { axis, type ChartOptions, curve, fromZero, inUnit, Legend, Plot } from "../charts.tsx";
import { lastMomentMs, type Race } from "../run-models.ts";
import { colour } from "../theme.ts";
import { Bars, type BurstPictureProps } from "./bars.tsx";
import { axisTicks, stripData, type TimeAxis, tickLabel, timeAxis } from "./picture-data.ts";
import { BurstTables, FiguresTable, markedName } from "./race-tables.tsx";

const legend = [
  ["waiting", "waiting to be seen"],
  ["queue", "queue"],
  ["download", "download"],
  ["work", "work"],
  ["reply", "reply on its way"],
  ["failed", "failed"],
  ["frozen", "event loop blocked"],
  ["delay", "loop delay"],
  ["probe", "probe latency"],
  ["utilization", "loop utilization, up to 100 %"],
] as const;

/** The bursts of a race below each other, on one time axis. */
export function RacePicture({ race }: { readonly race: Race }) {
  const container = useRef<HTMLDivElement>(null);
  const [widthPx, setWidthPx] = useState(0);
  useEffect(() => {
    const { current } = container;
    if (current === null) {
      return;
    }
    const observer = new ResizeObserver(() => {
      // A hidden element has no width, and its open tables should stay open.
      if (current.clientWidth > 0) {
        setWidthPx(current.clientWidth);
      }
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const lastMs = useMemo(() => lastMomentMs(race), [race]);
  const { totalMs } = timeAxis(lastMs, widthPx);
  const time = useMemo(() => timeAxis(lastMs, widthPx), [totalMs, widthPx]);
  const exercise = findExercise(race.exercise);
  if (exercise === undefined) {
    return <p>This version does not have exercise {race.exercise}, of which this race is.</p>;
  }
  return (
    <div class="race" ref={container}>
      {race.summary !== "" && <p class="summary">{race.summary}</p>}
      {race.bursts.length > 0 && (
        <>
          <FiguresTable exercise={exercise} bursts={race.bursts} />
          <Legend entries={legend} />
        </>
      )}
      {widthPx > 0 &&
        race.bursts.map((burst) => (
          <section class="burst picture" key={burst.strategy}>
            <h3>
              {markedName(exercise, burst.strategy)}
              <small>
                {count(burst.calls.length)}
                {burst.figures !== undefined && ` in ${ms(burst.figures.wallMs)} ms`}
              </small>
            </h3>
            <Bars burst={burst} axis={time} />
            <Strip burst={burst} axis={time} />
            <BurstTables burst={burst} />
          </section>
        ))}
    </div>
  );
}

/** Utilization holds for the whole interval before a sample. */
const stepped = UPlot.paths.stepped?.({ align: -1 });

/** Event loop and probe during the burst, below the bars and on their time axis. */
function Strip({ burst, axis: time }: BurstPictureProps) {
  const latestAxis = useRef(time);
  latestAxis.current = time;
  const data = useMemo(() => stripData(burst), [burst, time.totalMs]);
  // The margins depend on the width alone.
  const options = useMemo(() => stripOptions(() => latestAxis.current), [time.leftPx]);
  return (
    <Plot
      label={`Event loop and probe during the burst with ${burst.strategy}`}
      heightPx={96}
      options={options}
      data={data}
    />
  );
}

function stripOptions(time: () => TimeAxis): ChartOptions {
  const { leftPx, rightPx } = time();
  return {
    padding: [6, rightPx, 0, 0],
    scales: {
      x: { time: false, range: () => [0, time().totalMs] },
      y: { range: fromZero(10, 1.05) },
      percent: { range: [0, 100] },
    },
    axes: [
      axis({
        splits: () => axisTicks(time()),
        values: (_, ticks) => ticks.map((tick) => tickLabel(tick, time().totalMs)),
        size: 26,
      }),
      axis({ size: leftPx, space: 28, values: inUnit("ms") }),
    ],
    series: [
      {},
      curve("loop delay", "--delay"),
      curve("probe", "--probe", { dash: [5, 3], width: 1.5 }),
      curve("utilization", "--utilization", {
        scale: "percent",
        width: 1,
        fill: () => colour("--utilization-fill"),
        ...(stepped === undefined ? {} : { paths: stepped }),
      }),
    ],
  };
}
