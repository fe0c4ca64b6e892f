import { markOf } from "../../../cli/mark.ts";
import { type Exercise, isRight } from "../../../registry/exercises.ts";
import type { Prose } from "../../build/prose.ts";
import { RunButtons } from "../parts/run-buttons.tsx";
import { SilenceNote } from "../parts/silence-note.tsx";
import { TroubleNote } from "../parts/trouble-note.tsx";
import { RacePicture } from "../race/race-picture.tsx";
import { KeptRun } from "../runs/kept-run.tsx";
import { cardSession, raceOfGuess } from "./card-session.ts";
import { ProseText } from "./prose.tsx";

interface AnswerProps {
  readonly exercise: Exercise;
  readonly guessed: string;
  readonly rationale: readonly Prose[];
}

/** What became of a guess: a race, the verdict on each strategy, and why. */
export function Answer({ exercise, guessed, rationale }: AnswerProps) {
  const version = cardSession.version.value;
  const running = cardSession.running.value;
  const last = cardSession.race.value;
  const race = last?.exercise === exercise.letter ? last : undefined;
  const start = () => void cardSession.start(raceOfGuess(exercise, guessed));
  return (
    <>
      <p class="verdict">
        {isRight(exercise, guessed) ? "✓ Right" : "✗ Not here"}: you guessed <b>{guessed}</b>.
      </p>
      <ul class="reasons">
        {exercise.strategies.map(({ name, suitability, reason }) => (
          <li key={name}>
            {markOf(suitability).mark} <b>{name}</b> {reason}
          </li>
        ))}
      </ul>
      <h2>The race</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          start();
        }}
      >
        <RunButtons text="Race again" running={running && race !== undefined} />
      </form>
      {race !== undefined && (
        <>
          {running && <SilenceNote news={version} />}
          <TroubleNote trouble={cardSession.trouble.value} onToken={start} />
          <RacePicture race={race} version={version} />
          {race.keptId !== undefined && <KeptRun id={race.keptId} />}
        </>
      )}
      <h2>Why</h2>
      <ProseText prose={rationale} />
    </>
  );
}
