import { type Exercise, isRight } from "@unblock/proto/exercises";
import { maxStrategies } from "@unblock/proto/fired-runs";
import { markOf } from "@unblock/terminal/mark";
import { type ComponentChild, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ExerciseText, Prose } from "../../build/exercise-texts.ts";
import { meaningOf, RunButtons, RunForm } from "../forms.tsx";
import { SessionNotes } from "../notes.tsx";
import type { RaceChoice } from "../race/race-model.ts";
import { RacePicture } from "../race/race-picture.tsx";
import { createRaceSession } from "../race/race-view.tsx";
import { SavedRun } from "../runs/saved-run.tsx";
import { guess, guesses } from "./guesses.ts";

/** The race of the card that was guessed last. */
const session = createRaceSession();

/** An exercise: scenario, question and, after a guess, the answer. */
export function Card({ exercise }: { readonly exercise: Exercise }) {
  const text = useText(exercise.letter);
  const guessed = guesses.value[exercise.letter];
  if (text === undefined) {
    return null;
  }
  return (
    <article>
      <h2>Scenario</h2>
      <ProseText prose={text.scenario} />
      <h2>Where should this run?</h2>
      <ProseText prose={text.question} />
      {guessed === undefined ? (
        <Guess exercise={exercise} />
      ) : (
        <Answer exercise={exercise} guessed={guessed} rationale={text.rationale} />
      )}
    </article>
  );
}

/** Loads the exercises' texts, which are a chunk of their own. */
function useText(letter: string): ExerciseText | undefined {
  const [text, setText] = useState<ExerciseText>();
  useEffect(() => {
    void import("virtual:exercise-texts").then(({ texts }) => setText(texts[letter]));
  }, [letter]);
  return text;
}

/** A text of the project as elements, without parsing HTML. */
function ProseText({ prose }: { readonly prose: readonly Prose[] }) {
  return <div class="prose">{prose.map(elementOf)}</div>;
}

function elementOf(prose: Prose): ComponentChild {
  return typeof prose === "string" ? prose : h(prose.tag, null, prose.inside.map(elementOf));
}

/** The choices, without any numbers. */
function Guess({ exercise }: { readonly exercise: Exercise }) {
  const [chosen, setChosen] = useState<string>();
  // In alphabetical order: the schema lists the recommended strategy first.
  const names = exercise.strategies.map(({ name }) => name).sort();
  const start = () => {
    if (chosen !== undefined) {
      guess(exercise.letter, chosen);
      session.start(raceOfGuess(exercise, chosen));
    }
  };
  return (
    <RunForm class="guess" onRun={start}>
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
    </RunForm>
  );
}

interface AnswerProps {
  readonly exercise: Exercise;
  readonly guessed: string;
  readonly rationale: readonly Prose[];
}

/** The verdict on the guess and on each strategy, a race, and the reasons. */
function Answer({ exercise, guessed, rationale }: AnswerProps) {
  const version = session.version.value;
  const running = session.running.value;
  const last = session.run.value;
  const race = last?.exercise === exercise.letter ? last : undefined;
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
      <RunForm onRun={() => session.start(raceOfGuess(exercise, guessed))}>
        <RunButtons text="Race again" running={running && race !== undefined} />
      </RunForm>
      {race !== undefined && (
        <>
          <SessionNotes session={session} />
          <RacePicture race={race} version={version} />
          {race.savedId !== undefined && <SavedRun id={race.savedId} />}
        </>
      )}
      <h2>Why</h2>
      <ProseText prose={rationale} />
    </>
  );
}

/** Races the guess against the recommended strategy and as many others as a race may have. */
function raceOfGuess(exercise: Exercise, guessed: string): RaceChoice {
  // The schema lists the strategies that freeze most last, and these are the most instructive.
  const others = exercise.strategies.map(({ name }) => name).reverse();
  const strategies = new Set([exercise.recommended, guessed, ...others]);
  return {
    exercise: exercise.letter,
    strategies: [...strategies].slice(0, maxStrategies),
    calls: 0,
  };
}
