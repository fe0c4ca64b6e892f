import { readFileSync } from "node:fs";
import { exerciseFile, folderName } from "@unblock/exercises/exercise";
import { guessesIn, isPassed, type Progress, progressOf } from "@unblock/progress/progress";
import { exercises } from "@unblock/proto/exercises";
import { sectionOf } from "./book/markdown.ts";
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

/** Returns what to read about exercises: paths from the project's folder. */
export function readingFor(letters: readonly string[]) {
  return exercises
    .filter(({ letter }) => letters.includes(letter))
    .map((exercise) => {
      const { letter, title } = exercise;
      const task = readFileSync(exerciseFile(exercise, "task.md"), "utf8");
      const part = sectionOf(task, "Read").trim();
      return {
        letter,
        title,
        rationale: `exercises/${folderName(exercise)}/README.md#rationale`,
        /** Heading of the part of docs/fundamentals.md. */
        part,
        partLink: `docs/fundamentals.md#${anchor(part)}`,
      };
    });
}

export function renderScore({ passed, of, level, review }: Score): string[] {
  return [
    `Score ${passed}/${of}${level === undefined ? "" : `: ${level}`}`,
    ...(review.length === 0 ? [] : ["", "To review:"]),
    ...readingFor(review).flatMap(({ letter, title, rationale, partLink }) => [
      `  ${letter}  ${title}`,
      `     ${rationale}`,
      `     ${partLink}`,
    ]),
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

/** Anchor that GitHub gives a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, "")
    .replaceAll(" ", "-");
}
