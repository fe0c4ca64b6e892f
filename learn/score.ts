import { isPassed, type Progress, progressOf } from "../progress/progress.ts";
import { exercises } from "../registry/exercises.ts";
import type { ExerciseResult, Score } from "./check/result.ts";
import { describeLevel, levelOf } from "./levels.ts";
import { folderName } from "./workspace.ts";

/** The part of docs/fundamentals.md that an exercise rests on most, as its heading there. */
const parts: Readonly<Record<string, string>> = {
  A: "Pools for blocking calls",
  B: "Asynchronous I/O",
  C: "Worker threads",
  D: "libuv's pool",
  E: "Asynchronous I/O",
  F: "Worker threads",
  G: "After the reply",
  H: "Waiting for several things",
};

/** What to read about an exercise, as links from the project's folder. */
export interface Reading {
  readonly letter: string;
  readonly title: string;
  readonly rationale: string;
  /** The part's heading. */
  readonly part: string;
  readonly partLink: string;
}

/** A level needs an answer for every exercise; what was inconclusive is nobody's mistake. */
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

/** The score of all eight; an exercise that was never checked is nobody's mistake. */
export function scoreOfProgress(progress: Progress): Score {
  return scoreOf(
    exercises.map(({ letter }) => {
      const { last = "INCONCLUSIVE" } = progressOf(progress, letter);
      return { exercise: letter, verdict: isPassed(progress, letter) ? "PASS" : last };
    }),
  );
}

/** What to read again, for the exercises of {@link Score.review}. */
export function readingFor(letters: readonly string[]): readonly Reading[] {
  return exercises
    .filter(({ letter }) => letters.includes(letter))
    .map((exercise) => {
      const { letter, title } = exercise;
      const part = parts[letter];
      if (part === undefined) {
        throw new Error(`Expected exercise ${letter} to have a part of the fundamentals to read`);
      }
      return {
        letter,
        title,
        rationale: `server/exercises/${folderName(exercise)}/README.md#rationale`,
        part,
        partLink: `docs/fundamentals.md#${anchor(part)}`,
      };
    });
}

/** The score for people, a line each. */
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

/** As GitHub makes it of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, "")
    .replaceAll(" ", "-");
}
