import { exercises, findExercise } from "../../../registry/exercises.ts";
import { Card } from "./card.tsx";
import { forgetGuesses, guesses } from "./guesses.ts";
import { isRight, scoreOf } from "./score.ts";

/** Eight times the question: where should this run? */
export function EightView({ letter }: { readonly letter: string | undefined }) {
  const exercise = letter === undefined ? undefined : findExercise(letter);
  return (
    <>
      <h1 tabIndex={-1}>{exercise === undefined ? "The eight" : exerciseTitle(exercise)}</h1>
      <p role="status">{scoreOf(guesses.value)}</p>
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

type Exercise = (typeof exercises)[number];

function exerciseTitle({ letter, title }: Exercise): string {
  return `${letter}. ${title}`;
}

function stateOf(exercise: Exercise): string {
  const guessed = guesses.value[exercise.letter];
  if (guessed === undefined) {
    return "to guess";
  }
  return isRight(exercise, guessed) ? "✓ right" : "✗ missed";
}
