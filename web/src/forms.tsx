import { exercises } from "@unblock/proto/exercises";
import type { ComponentChildren } from "preact";
import { away } from "./connection.ts";
import { runInProgress } from "./run-session.ts";

interface RunFormProps {
  readonly class?: string;
  /** Text of the button that starts the run. */
  readonly text: string;
  /** Whether the run in progress is the one that this form starts. */
  readonly running: boolean;
  /** Why the run cannot be started; undefined when it can. */
  readonly problem?: string | undefined;
  readonly onRun: () => void;
  readonly children?: ComponentChildren;
}

/** A form that starts and stops a run. Enter submits it from every field, also from a select. */
export function RunForm({ class: name, text, running, problem, onRun, children }: RunFormProps) {
  const reason = problem ?? reasonToWait(running);
  return (
    <form
      class={name}
      onKeyDown={(event) => {
        const { target, key } = event;
        const isField = target instanceof HTMLSelectElement || target instanceof HTMLInputElement;
        if (key === "Enter" && isField) {
          event.preventDefault();
          target.form?.requestSubmit();
        }
      }}
      onSubmit={(event) => {
        event.preventDefault();
        onRun();
      }}
    >
      {children}
      <div class="row buttons">
        <button type="submit" class="main" disabled={running || reason !== undefined}>
          {text}
        </button>
        {running && (
          <button type="button" onClick={() => runInProgress.value?.abort()}>
            Stop
          </button>
        )}
        {reason !== undefined && <span class="quiet">{reason}</span>}
      </div>
    </form>
  );
}

function reasonToWait(running: boolean): string | undefined {
  if (away.value) {
    return "The server is away.";
  }
  return runInProgress.value !== undefined && !running
    ? "Another run of this page is in progress."
    : undefined;
}

interface ExerciseSelectProps {
  readonly letter: string;
  readonly onChoose: (letter: string) => void;
}

export function ExerciseSelect({ letter, onChoose }: ExerciseSelectProps) {
  return (
    <label>
      Exercise
      <select value={letter} onChange={(event) => onChoose(event.currentTarget.value)}>
        {exercises.map((exercise) => (
          <option key={exercise.letter} value={exercise.letter}>
            {exercise.letter} {exercise.title}
          </option>
        ))}
      </select>
    </label>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly max: number;
  readonly value: number;
  readonly onInput: (value: number) => void;
}

/** A number from 1 to `max`. */
export function NumberField({ label, max, value, onInput }: NumberFieldProps) {
  return (
    <label>
      {label}
      <input
        type="number"
        min={1}
        max={max}
        required
        value={value}
        onInput={(event) => onInput(event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}
