import { signal } from "@preact/signals";
import { findExercise } from "../../../registry/exercises.ts";
import { mostCallsPerSecond, mostSeconds } from "../../../registry/fired-runs.ts";
import { ExerciseSelect } from "../parts/exercise-select.tsx";
import { RunButtons } from "../parts/run-buttons.tsx";
import { submitOnEnter } from "../parts/submit-on-enter.ts";
import type { LoadWish } from "./load-model.ts";

interface LoadFormProps {
  readonly running: boolean;
  readonly onRun: (wish: LoadWish) => void;
}

/** What the form says, kept while another view is shown. */
const chosen = signal<LoadWish>({ exercise: "E", strategy: "", ratePerSecond: 200, durationS: 10 });

export function LoadForm({ running, onRun }: LoadFormProps) {
  const { exercise, strategy, ratePerSecond, durationS } = chosen.value;
  const choose = (more: Partial<LoadWish>) => {
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
        letter={exercise}
        onChoose={(letter) => choose({ exercise: letter, strategy: "" })}
      />
      <label>
        Strategy
        <select
          value={strategy}
          onChange={(event) => choose({ strategy: event.currentTarget.value })}
        >
          <option value="">recommended</option>
          {findExercise(exercise)?.allStrategies.map(({ name, needs }) => (
            <option key={name} value={name}>
              {name}
              {needs !== "" && ` (needs ${needs})`}
            </option>
          ))}
        </select>
      </label>
      <label>
        Calls a second
        <input
          type="number"
          min={1}
          max={mostCallsPerSecond}
          required
          value={ratePerSecond}
          onInput={(event) => choose({ ratePerSecond: event.currentTarget.valueAsNumber })}
        />
      </label>
      <label>
        Seconds
        <input
          type="number"
          min={1}
          max={mostSeconds}
          required
          value={durationS}
          onInput={(event) => choose({ durationS: event.currentTarget.valueAsNumber })}
        />
      </label>
      <RunButtons text="Start" running={running} />
    </form>
  );
}
