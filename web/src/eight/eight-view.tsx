import {
  type Exercise,
  exercises,
  findExercise,
  isRight,
  strategyMeanings,
} from "@unblock/proto/exercises";
import { maxStrategies } from "@unblock/proto/fired-runs";
import { markOf } from "@unblock/terminal/mark";
import { type ComponentChild, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ExerciseText, Prose } from "../../build/exercise-texts.ts";
import { away } from "../connection.ts";
import { RunForm } from "../forms.tsx";
import { SessionNotes } from "../notes.tsx";
import { RacePicture } from "../race/race-picture.tsx";
import { createRaceSession } from "../race/race-view.tsx";
import type { RaceChoice } from "../run-models.ts";
import { SavedRun } from "../runs/saved-run.tsx";
import { forgetGuesses, guess, guesses, passed, refreshProgress } from "./guesses.ts";
import { describeGuesses, describeScore } from "./score.ts";

/** The eight exercises, each asking where its work should run. */
export function EightView({ letter }: { readonly letter: string | undefined }) {
  const exercise = letter === undefined ? undefined : findExercise(letter);
  const isAway = away.value;
  // Also when the tab gets the focus: a check may have passed since.
  useEffect(() => {
    void refreshProgress();
    const refresh = () => void refreshProgress();
    addEventListener("focus", refresh);
    return () => removeEventListener("focus", refresh);
  }, [isAway]);
  return (
    <>
      <h1 tabIndex={-1}>
        {exercise === undefined ? "The eight" : `${exercise.letter}. ${exercise.title}`}
      </h1>
      <p role="status">
        {passed.value === undefined ? "" : `${describeScore(passed.value)}. `}
        {describeGuesses(guesses.value)}.
      </p>
      <p>
        <small>
          {passed.value === undefined
            ? "Saved in this browser: the server saves progress of its own machine only."
            : "Shared with the course on this machine: npm run learn."}
        </small>
      </p>
      <nav aria-label="Exercises">
        <ol class="cards">
          {exercises.map((one) => (
            <li key={one.letter}>
              <a
                href={`#/eight/${one.letter}`}
                aria-current={one.letter === exercise?.letter ? "page" : undefined}
              >
                <b>{one.letter}</b> {one.title}
                <small>{stateOf(one)}</small>
              </a>
            </li>
          ))}
        </ol>
      </nav>
      {exercise !== undefined && <Card key={exercise.letter} exercise={exercise} />}
      {Object.keys(guesses.value).length > 0 && (
        <p>
          <button type="button" onClick={forgetGuesses}>
            Forget all guesses
          </button>
        </p>
      )}
    </>
  );
}

function stateOf(exercise: Exercise): string {
  const guessed = guesses.value[exercise.letter];
  const guess =
    guessed === undefined
      ? "unanswered"
      : isRight(exercise, guessed)
        ? "✓ guessed right"
        : "✗ guessed wrong";
  return passed.value?.includes(exercise.letter) ? `${guess}, ✓ passed` : guess;
}

/** The race of the card that was guessed last. */
const session = createRaceSession();

/** An exercise: scenario, question and, after a guess, the answer. */
function Card({ exercise }: { readonly exercise: Exercise }) {
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
    <RunForm class="guess" text="Guess, and race" running={false} onRun={start}>
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
            <b>{name}</b> {strategyMeanings[name]}
          </label>
        ))}
      </fieldset>
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
      <RunForm
        text="Race again"
        running={session.running.value && race !== undefined}
        onRun={() => session.start(raceOfGuess(exercise, guessed))}
      />
      {race !== undefined && (
        <>
          <SessionNotes session={session} />
          <RacePicture race={race} />
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
