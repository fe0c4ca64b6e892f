import { type Exercise, exercises, findExercise, isRight } from "@unblock/proto/exercises";
import { useEffect } from "preact/hooks";
import { away } from "../connection.ts";
import { Card } from "./card.tsx";
import { forgetGuesses, guesses, passed, refreshProgress } from "./guesses.ts";
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
