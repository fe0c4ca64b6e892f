import { signal } from "@preact/signals";
import { Suitability } from "../../../gen/unblock/v1/exercise_pb.ts";
import { type Exercise, exercises, findExercise } from "../../../registry/exercises.ts";
import { mostCalls, mostStrategies } from "../../../registry/fired-runs.ts";
import { ExerciseSelect } from "../parts/exercise-select.tsx";
import { meaningOf } from "../parts/meaning-of.ts";
import { RunButtons } from "../parts/run-buttons.tsx";
import { submitOnEnter } from "../parts/submit-on-enter.ts";
import type { RaceWish } from "./race-session.ts";

interface RaceFormProps {
  readonly running: boolean;
  readonly onRun: (wish: RaceWish) => void;
}

/** What the form says, kept while another view is shown. */
const chosen = signal(firstChoice(exercises[0]));

export function RaceForm({ running, onRun }: RaceFormProps) {
  const { exercise: letter, strategies, calls } = chosen.value;
  const exercise = findExercise(letter);
  const choose = (more: Partial<RaceWish>) => {
    chosen.value = { ...chosen.value, ...more };
  };
  return (
    <form
      class="controls"
      onKeyDown={submitOnEnter}
      onSubmit={(event) => {
        event.preventDefault();
        onRun(chosen.value);
      }}
    >
      <ExerciseSelect
        letter={letter}
        onChoose={(other) => {
          chosen.value = firstChoice(findExercise(other));
        }}
      />
      <fieldset>
        <legend>Strategies, up to four</legend>
        {exercise?.allStrategies.map(({ name, needs }) => (
          <label class="check" key={name} title={meaningOf(name)}>
            <input
              type="checkbox"
              checked={strategies.includes(name)}
              onChange={(event) =>
                choose({ strategies: toggled(strategies, name, event.currentTarget.checked) })
              }
            />
            {name}
            {needs !== "" && <small> needs {needs}</small>}
          </label>
        ))}
      </fieldset>
      <label>
        Calls at once
        <input
          type="number"
          min={1}
          max={mostCalls}
          required
          value={calls}
          onInput={(event) => choose({ calls: event.currentTarget.valueAsNumber })}
        />
      </label>
      <RunButtons text="Run" running={running} problem={problemWith(strategies)} />
    </form>
  );
}

/** The right answer and the one that teaches most. */
function firstChoice(exercise: Exercise | undefined): RaceWish {
  const wrong = exercise?.strategies.filter(({ suitability }) => suitability >= Suitability.SLOW);
  const strategies = [exercise?.recommended, wrong?.at(-1)?.name];
  return {
    exercise: exercise?.letter ?? "",
    strategies: strategies.filter((name) => name !== undefined),
    calls: exercise?.burst.calls ?? 1,
  };
}

function toggled(strategies: readonly string[], name: string, on: boolean): string[] {
  return on ? [...strategies, name] : strategies.filter((other) => other !== name);
}

function problemWith(strategies: readonly string[]): string | undefined {
  return strategies.length >= 1 && strategies.length <= mostStrategies
    ? undefined
    : `Choose one to ${mostStrategies} strategies.`;
}
