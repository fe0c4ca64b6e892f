import { exercises } from "../../../registry/exercises.ts";
import { describeLevel, levelOf, levels } from "../../levels.ts";
import { readingFor } from "../../score.ts";
import type { Paint } from "../../terminal/paint.ts";
import type { Model } from "../model.ts";
import { courseScore, type ExerciseProgress, progressOf } from "../progress.ts";

/** All exercises and how they stand, the score, and what to read again. */
export function renderList({ progress }: Model, paint: Paint): string[] {
  const { passed, of, review } = courseScore(progress);
  const reading = readingFor(review);
  return [
    paint("bold", "The exercises; press a letter to go there"),
    ...exercises.map(({ letter, title }) => {
      const here = letter === progress.current ? "›" : " ";
      return `${here} ${renderMark(progressOf(progress, letter), paint)} ${letter}  ${title}`;
    }),
    "",
    paint("bold", `Score ${passed}/${of}`),
    ...levels.map((level) => {
      const { from, to } = level;
      const here = level === levelOf(passed) ? "›" : " ";
      return `${here} ${(from === to ? `${from}` : `${from}–${to}`).padEnd(4)} ${describeLevel(level)}`;
    }),
    ...(reading.length === 0 ? [] : ["", paint("bold", "To review")]),
    ...reading.flatMap(({ letter, title, rationale, partLink }) => [
      `${letter}  ${title}`,
      `   ${rationale}`,
      `   ${partLink}`,
    ]),
  ];
}

/** Told apart without colour too. */
export function renderMark({ passed, last, skipped }: ExerciseProgress, paint: Paint): string {
  if (passed) {
    return paint("green", "✓");
  }
  if (last === "FAIL") {
    return paint("red", "✗");
  }
  return skipped ? paint("yellow", "–") : paint("dim", "·");
}
