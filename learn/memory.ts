import { type Progress, progressOf } from "../progress/progress.ts";
import { exercises, isRight } from "../registry/exercises.ts";
import { dueCards, nextDueMs } from "./review/schedule.ts";

/** What else the progress remembers beside the score, a line each: guesses, questions, what is due. */
export function describeMemory(progress: Progress, nowMs: number): string[] {
  const guessed = exercises.flatMap((exercise) => {
    const { guess } = progressOf(progress, exercise.letter);
    return guess === undefined ? [] : [isRight(exercise, guess)];
  });
  const asked = Object.values(progress.cards).filter(({ reps }) => reps > 0);
  const forgotten = asked.filter(({ lapses }) => lapses > 0).length;
  const due = dueCards(Object.keys(progress.cards), progress.cards, nowMs).length;
  const next = nextDueMs(progress.cards, nowMs);
  return [
    ...(guessed.length === 0
      ? []
      : [
          `Guessed on the page: ${guessed.length} of ${exercises.length}, ${guessed.filter(Boolean).length} right`,
        ]),
    ...(asked.length === 0
      ? []
      : [
          `Questions answered: ${asked.length}, of which ${forgotten} once forgotten again; ${
            due > 0
              ? `${due} due now: npm run learn -- --review`
              : next === undefined
                ? "none due"
                : `the next one is due on ${dayOf(next)}`
          }`,
        ]),
  ];
}

/** A day as ISO 8601 has it, in local time. */
export function dayOf(timeMs: number): string {
  return new Date(timeMs).toLocaleDateString("sv");
}
