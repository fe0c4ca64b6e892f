import { shown, yoursFolder } from "../../progress/files.ts";
import { type Progress, progressOf } from "../../progress/progress.ts";
import { exercises } from "../../registry/exercises.ts";
import { describeMemory } from "../memory.ts";
import { renderScore, scoreOfProgress } from "../score.ts";
import { plainPaint } from "../terminal/paint.ts";
import { yourFile } from "../workspace.ts";
import { renderMark } from "./render/list.ts";

/** What to do where the course has no terminal to run on, and how the exercises stand. */
export function renderWithoutTerminal(progress: Progress): string {
  const lines = [
    "The course runs on a terminal: type `npm run learn` in one. Without a terminal:",
    "",
    `  1. Edit a file in ${shown(yoursFolder)}: read its scenario, decide, write the handler.`,
    "  2. npm run check -- A           names what is wrong with it; after a pass it says why.",
    "     npm run check -- --watch     checks a file whenever you save it.",
    "  3. npm run learn -- --reset A   puts its stub back, and keeps your version aside.",
    "",
    ...exercises.map((exercise) => {
      const mark = renderMark(progressOf(progress, exercise.letter), plainPaint);
      return `  ${mark} ${exercise.letter}  ${exercise.title.padEnd(38)} ${shown(yourFile(exercise))}`;
    }),
    "",
    ...renderScore(scoreOfProgress(progress)),
    ...describeMemory(progress, Date.now()),
  ];
  return `${lines.join("\n")}\n`;
}
