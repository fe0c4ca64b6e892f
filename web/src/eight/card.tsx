import { useEffect, useState } from "preact/hooks";
import type { Exercise } from "../../../registry/exercises.ts";
import type { ExerciseText } from "../../build/exercise-texts.ts";
import { Answer } from "./answer.tsx";
import { Guess } from "./guess.tsx";
import { guesses } from "./guesses.ts";
import { ProseText } from "./prose.tsx";

/** An exercise: what is to be done, the question, and after the guess the answer. */
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

/** The texts are a file of their own, which only those need who come here. */
function useText(letter: string): ExerciseText | undefined {
  const [text, setText] = useState<ExerciseText>();
  useEffect(() => {
    void import("virtual:exercise-texts").then(({ texts }) => setText(texts[letter]));
  }, [letter]);
  return text;
}
