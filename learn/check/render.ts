import type { ExerciseProgress } from "../../progress/progress.ts";
import type { Exercise } from "../../registry/exercises.ts";
import { openBook } from "../book/book.ts";
import { renderRationale } from "../render/rationale.ts";
import { renderResult } from "../render/result.ts";
import { readingFor } from "../score.ts";
import type { Paint } from "../terminal/text.ts";
import { shown } from "../workspace.ts";
import type { ExerciseResult } from "./result.ts";

/**
 * What came of an exercise, and after a pass what there is to learn from it.
 *
 * @param isLong whether the rationale is told as well, or only where it is
 */
export function renderExercise(
  exercise: Exercise,
  file: string,
  result: ExerciseResult,
  isLong: boolean,
  progress: ExerciseProgress,
  width: number,
  paint: Paint,
): string[] {
  if (isLong && result.verdict === "PASS") {
    return [...renderRationale(openBook(exercise, file), result, progress, width, paint), ""];
  }
  const { letter, title } = exercise;
  const lines = [
    `${paint("bold", `${letter}  ${title}`)}  ${shown(file)}`,
    ...renderResult(result, width, paint),
  ];
  const why = readingFor(result.verdict === "PASS" ? [letter] : []).map(({ rationale }) =>
    paint("dim", `  Why it is right: ${rationale}, or npm run check -- ${letter}`),
  );
  return [...lines, ...why, ""];
}
