import { signal } from "@preact/signals";
import { findExercise } from "@unblock/proto/exercises";
import { maxCallsPerSecond, maxSeconds } from "@unblock/proto/fired-runs";
import { labClient } from "../connection.ts";
import { ExerciseSelect, NumberField, RunForm } from "../forms.tsx";
import { SessionNotes } from "../notes.tsx";
import { applyLoadEvent, type LoadChoice, newLoad } from "../run-models.ts";
import { createRunSession } from "../run-session.ts";
import { SavedRun } from "../runs/saved-run.tsx";
import { LoadPicture } from "./load-picture.tsx";

/** Time beyond its duration that a load may take: a process starts, and late responses are awaited. */
const extraMs = 120_000;

const session = createRunSession({
  doing: "was under load",
  create: newLoad,
  stream: (choice: LoadChoice, ended) =>
    labClient.load(choice, { signal: ended, timeoutMs: 1_000 * choice.durationS + extraMs }),
  apply: applyLoadEvent,
});

/** Open-loop load: calls at a constant rate for some seconds. */
export function LoadView() {
  const load = session.run.value;
  const running = session.running.value;
  return (
    <>
      <h1 tabIndex={-1}>Load</h1>
      <p class="quiet">
        Calls are sent when they are due, whether or not earlier calls have ended. Latency counts
        from that moment.
      </p>
      <LoadForm running={running} />
      <p class="quiet" role="status">
        {load !== undefined && (running ? "Running." : "Ended.")}
      </p>
      <SessionNotes session={session} />
      {load?.savedId !== undefined && (
        <>
          <p>
            <a href={`#/runs/${load.savedId}`}>Open the report</a>
          </p>
          <SavedRun id={load.savedId} />
        </>
      )}
      {load !== undefined && <LoadPicture load={load} />}
    </>
  );
}

/** State of the form, kept while another view is shown. */
const chosen = signal<LoadChoice>({
  exercise: "E",
  strategy: "",
  ratePerSecond: 200,
  durationS: 10,
});

function LoadForm({ running }: { readonly running: boolean }) {
  const { exercise, strategy, ratePerSecond, durationS } = chosen.value;
  const choose = (more: Partial<LoadChoice>) => {
    chosen.value = { ...chosen.value, ...more };
  };
  return (
    <RunForm
      class="controls"
      text="Start"
      running={running}
      onRun={() => session.start(chosen.value)}
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
      <NumberField
        label="Calls per second"
        max={maxCallsPerSecond}
        value={ratePerSecond}
        onInput={(rate) => choose({ ratePerSecond: rate })}
      />
      <NumberField
        label="Seconds"
        max={maxSeconds}
        value={durationS}
        onInput={(seconds) => choose({ durationS: seconds })}
      />
    </RunForm>
  );
}
