import { SilenceNote } from "../parts/silence-note.tsx";
import { TroubleNote } from "../parts/trouble-note.tsx";
import { KeptRun } from "../runs/kept-run.tsx";
import { RaceForm } from "./race-form.tsx";
import type { Burst } from "./race-model.ts";
import { RacePicture } from "./race-picture.tsx";
import { createRaceSession, type RaceWish } from "./race-session.ts";
import { ReplayButton } from "./replay-button.tsx";

const session = createRaceSession();
let lastWish: RaceWish | undefined;

/** Where should this work run? A race shows it. */
export function RaceView() {
  const race = session.race.value;
  const version = session.version.value;
  const running = session.running.value;
  const run = (wish: RaceWish) => {
    lastWish = wish;
    void session.start(wish);
  };
  return (
    <>
      <h1 tabIndex={-1}>The race</h1>
      <p class="quiet">
        A burst of calls with one strategy after another. Each call is a bar, in the lane of where
        it ran.
      </p>
      <RaceForm running={running} onRun={run} />
      <p class="quiet" role="status">
        {race !== undefined && statusOf(running, race.bursts.at(-1))}
      </p>
      {running && <SilenceNote news={version} />}
      <TroubleNote
        trouble={session.trouble.value}
        onToken={() => lastWish !== undefined && run(lastWish)}
      />
      {race !== undefined && (
        <>
          {!running && race.bursts.length > 0 && <ReplayButton race={race} />}
          <RacePicture race={race} version={version} />
          {race.keptId !== undefined && <KeptRun id={race.keptId} />}
        </>
      )}
    </>
  );
}

function statusOf(running: boolean, burst: Burst | undefined): string {
  if (!running) {
    return "Ended.";
  }
  return burst === undefined || burst.figures !== undefined
    ? "Getting ready: the server warms up."
    : `Running with ${burst.strategy}.`;
}
