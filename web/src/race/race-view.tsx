import { signal } from "@preact/signals";
import { type Exercise, exercises, findExercise, strategyMeanings } from "@unblock/proto/exercises";
import { maxCalls, maxStrategies } from "@unblock/proto/fired-runs";
import { Suitability } from "@unblock/proto/gen/exercise";
import { labClient } from "../connection.ts";
import { ExerciseSelect, NumberField, RunForm } from "../forms.tsx";
import { SessionNotes } from "../notes.tsx";
import { applyRaceEvent, type Burst, newRace, type RaceChoice } from "../run-models.ts";
import { createRunSession } from "../run-session.ts";
import { SavedRun } from "../runs/saved-run.tsx";
import { endReplay, ReplayButton } from "./bars.tsx";
import { RacePicture } from "./race-picture.tsx";

/** Deadline for a server that no longer responds; the server limits a race itself. */
const timeoutMs = 600_000;

export function createRaceSession() {
  return createRunSession({
    doing: "raced",
    create: ({ exercise }: RaceChoice) => {
      endReplay();
      return newRace(exercise);
    },
    stream: (choice, ended) => labClient.race(choice, { signal: ended, timeoutMs }),
    apply: applyRaceEvent,
  });
}

const session = createRaceSession();

/** The view that answers "Where should this work run?". */
export function RaceView() {
  const race = session.run.value;
  const running = session.running.value;
  return (
    <>
      <h1 tabIndex={-1}>The race</h1>
      <p class="quiet">
        One burst of calls per strategy, one after another. Each call is a bar, in the lane of the
        thread or process that ran it.
      </p>
      <RaceForm running={running} />
      <p class="quiet" role="status">
        {race !== undefined && statusOf(running, race.bursts.at(-1))}
      </p>
      <SessionNotes session={session} />
      {race !== undefined && (
        <>
          {!running && race.bursts.length > 0 && <ReplayButton race={race} />}
          <RacePicture race={race} />
          {race.savedId !== undefined && <SavedRun id={race.savedId} />}
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
    ? "Warming up the server."
    : `Running with ${burst.strategy}.`;
}

/** State of the form, kept while another view is shown. */
const chosen = signal(firstChoice(exercises[0]));

function RaceForm({ running }: { readonly running: boolean }) {
  const { exercise: letter, strategies, calls } = chosen.value;
  const choose = (more: Partial<RaceChoice>) => {
    chosen.value = { ...chosen.value, ...more };
  };
  const problem =
    strategies.length >= 1 && strategies.length <= maxStrategies
      ? undefined
      : `Choose one to ${maxStrategies} strategies.`;
  return (
    <RunForm
      class="controls"
      text="Run"
      running={running}
      problem={problem}
      onRun={() => session.start(chosen.value)}
    >
      <ExerciseSelect
        letter={letter}
        onChoose={(other) => choose(firstChoice(findExercise(other)))}
      />
      <fieldset>
        <legend>Strategies, up to {maxStrategies}</legend>
        {findExercise(letter)?.allStrategies.map(({ name, needs }) => (
          <label class="check" key={name} title={strategyMeanings[name]}>
            <input
              type="checkbox"
              checked={strategies.includes(name)}
              onChange={(event) => {
                const others = strategies.filter((other) => other !== name);
                choose({ strategies: event.currentTarget.checked ? [...others, name] : others });
              }}
            />
            {name}
            {needs !== "" && <small> needs {needs}</small>}
          </label>
        ))}
      </fieldset>
      <NumberField
        label="Calls at once"
        max={maxCalls}
        value={calls}
        onInput={(count) => choose({ calls: count })}
      />
    </RunForm>
  );
}

/** The recommended strategy and the one that freezes most. */
function firstChoice(exercise: Exercise | undefined): RaceChoice {
  const wrong = exercise?.strategies.filter(({ suitability }) => suitability >= Suitability.SLOW);
  const strategies = [exercise?.recommended, wrong?.at(-1)?.name];
  return {
    exercise: exercise?.letter ?? "",
    strategies: strategies.filter((name) => name !== undefined),
    calls: exercise?.burst.calls ?? 1,
  };
}
