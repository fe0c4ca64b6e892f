import { useState } from "preact/hooks";
import type { Exercise } from "../../../registry/exercises.ts";
import { meaningOf } from "../parts/meaning-of.ts";
import { RunButtons } from "../parts/run-buttons.tsx";
import { submitOnEnter } from "../parts/submit-on-enter.ts";
import { cardSession, raceOfGuess } from "./card-session.ts";
import { guess } from "./guesses.ts";

/** The choices; no numbers before there is one. */
export function Guess({ exercise }: { readonly exercise: Exercise }) {
  const [chosen, setChosen] = useState<string>();
  // By name: the schema has the recommended one first, which would give it away.
  const names = exercise.strategies.map(({ name }) => name).sort();
  return (
    <form
      class="guess"
      onKeyDown={submitOnEnter}
      onSubmit={(event) => {
        event.preventDefault();
        if (chosen !== undefined) {
          guess(exercise.letter, chosen);
          void cardSession.start(raceOfGuess(exercise, chosen));
        }
      }}
    >
      <fieldset>
        <legend>Your guess</legend>
        {names.map((name) => (
          <label class="check" key={name}>
            <input
              type="radio"
              name="guess"
              required
              checked={chosen === name}
              onChange={() => setChosen(name)}
            />
            <b>{name}</b> {meaningOf(name)}
          </label>
        ))}
      </fieldset>
      <RunButtons text="Guess, and race" running={false} />
    </form>
  );
}
