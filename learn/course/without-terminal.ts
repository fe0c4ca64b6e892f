import { exercises } from "../../registry/exercises.ts";
import { renderScore } from "../score.ts";
import { plainPaint } from "../terminal/paint.ts";
import { shown, yourFile, yoursFolder } from "../workspace.ts";
import { courseScore, type Progress, progressOf } from "./progress.ts";
import { renderMark } from "./render/list.ts";

/** What to do where the course has no terminal to run on, and how the exercises stand. */
export function renderWithoutTerminal(progress: Progress): string {
  const lines = [
    "The course runs on a terminal: type `npm run learn` in one. Without a terminal:",
    "",
    `  1. Edit a file in ${shown(yoursFolder)}: read its scenario, decide, write the handler.`,
    "  2. npm run check -- A           names what is wrong with it; after a pass it says why.",
    "  3. npm run learn -- --reset A   puts its stub back, and keeps your version aside.",
    "",
    ...exercises.map((exercise) => {
      const mark = renderMark(progressOf(progress, exercise.letter), plainPaint);
      return `  ${mark} ${exercise.letter}  ${exercise.title.padEnd(38)} ${shown(yourFile(exercise))}`;
    }),
    "",
    ...renderScore(courseScore(progress)),
  ];
  return `${lines.join("\n")}\n`;
}
