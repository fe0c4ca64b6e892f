import { useMemo, useRef } from "preact/hooks";
import { findExercise } from "../../../registry/exercises.ts";
import { Legend } from "../charts/legend.tsx";
import { useWidth } from "../charts/use-width.ts";
import { count, ms } from "../numbers.ts";
import { Bars } from "./bars.tsx";
import { BurstTables } from "./burst-tables.tsx";
import { FiguresTable, markedName } from "./figures-table.tsx";
import { lastMomentMs, type Race } from "./race-model.ts";
import { Strip } from "./strip.tsx";
import { timeAxis } from "./time-axis.ts";

interface RacePictureProps {
  readonly race: Race;
  /** Changes whenever the race has: it changes in place. */
  readonly version: number;
}

const legend = [
  { swatch: "waiting", text: "waiting to be seen" },
  { swatch: "queue", text: "queue" },
  { swatch: "download", text: "download" },
  { swatch: "work", text: "work" },
  { swatch: "reply", text: "reply on its way" },
  { swatch: "failed", text: "failed" },
  { swatch: "frozen", text: "event loop frozen" },
  { swatch: "delay", text: "loop delay" },
  { swatch: "bystander", text: "bystander's latency" },
  { swatch: "utilization", text: "loop utilization, up to 100 %" },
];

/** The bursts of a race under each other, on one time axis. */
export function RacePicture({ race, version }: RacePictureProps) {
  const place = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(place);
  const lastMs = useMemo(() => lastMomentMs(race), [race, version]);
  const { totalMs } = timeAxis(lastMs, widthPx);
  const axis = useMemo(() => timeAxis(lastMs, widthPx), [totalMs, widthPx]);
  const exercise = findExercise(race.exercise);
  if (exercise === undefined) {
    return <p>This race is of an exercise that this version does not know: {race.exercise}.</p>;
  }
  return (
    <div class="race" ref={place}>
      {race.sentence !== "" && <p class="sentence">{race.sentence}</p>}
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
            <Bars burst={burst} version={burst.version} axis={axis} />
            <Strip burst={burst} version={burst.version} axis={axis} />
            <BurstTables burst={burst} />
          </section>
        ))}
    </div>
  );
}
