import { guessesIn, isPassed, type Progress, progressOf } from "@unblock/progress/progress";
import { exercises } from "@unblock/proto/exercises";
import { readingFor } from "./book/book.ts";
import type { ExerciseResult, Score } from "./check/result.ts";
import { describeLevel, levelOf } from "./levels.ts";
import { dayOf, dueCards, nextDueMs } from "./review/schedule.ts";

/** Scores results. There is a level when all exercises have a conclusive result. */
export function scoreOf(results: readonly Pick<ExerciseResult, "exercise" | "verdict">[]): Score {
  const passed = results.filter(({ verdict }) => verdict === "PASS").length;
  const review = results.filter(({ verdict }) => verdict === "FAIL");
  const complete = passed + review.length === exercises.length;
  return {
    passed,
    of: results.length,
    level: complete ? describeLevel(levelOf(passed)) : undefined,
    review: review.map(({ exercise }) => exercise),
  };
}

/** Scores all eight exercises. One that was never checked counts as inconclusive. */
export function scoreOfProgress(progress: Progress): Score {
  return scoreOf(
    exercises.map(({ letter }) => {
      const { last = "INCONCLUSIVE" } = progressOf(progress, letter);
      return { exercise: letter, verdict: isPassed(progress, letter) ? "PASS" : last };
    }),
  );
}

export function renderScore({ passed, of, level, review }: Score): string[] {
  return [
    `Score ${passed}/${of}${level === undefined ? "" : `: ${level}`}`,
    ...(review.length === 0 ? [] : ["", "To review:"]),
    ...exercises
      .filter(({ letter }) => review.includes(letter))
      .flatMap((exercise) => {
        const { rationale, partLink } = readingFor(exercise);
        return [`  ${exercise.letter}  ${exercise.title}`, `     ${rationale}`, `     ${partLink}`];
      }),
  ];
}

export function describeMemory(progress: Progress, nowMs: number): string[] {
  const guesses = guessesIn(progress);
  const lines: string[] = [];
  if (guesses.length > 0) {
    const right = guesses.filter(Boolean).length;
    lines.push(`Guessed on the page: ${guesses.length} of ${exercises.length}, ${right} right`);
  }
  const answered = Object.values(progress.cards).filter(({ reps }) => reps > 0);
  if (answered.length > 0) {
    const forgotten = answered.filter(({ lapses }) => lapses > 0).length;
    const due = dueCards(Object.keys(progress.cards), progress.cards, nowMs).length;
    const nextMs = nextDueMs(progress.cards, nowMs) ?? nowMs;
    const next =
      due > 0 ? `${due} due now: npm run learn -- --review` : `the next is due on ${dayOf(nextMs)}`;
    lines.push(
      `Questions answered: ${answered.length}, ${forgotten} forgotten at least once; ${next}`,
    );
  }
  return lines;
}
