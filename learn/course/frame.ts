import { stripVTControlCharacters } from "node:util";
import { progressOf } from "@unblock/progress/progress";
import { exercises } from "@unblock/proto/exercises";
import { count } from "@unblock/terminal/numbers";
import { breakLines, type Paint, wrap } from "@unblock/terminal/text";
import type { Book } from "../book/book.ts";
import { levelOf } from "../levels.ts";
import { renderDetails, renderRationale } from "../render.ts";
import { lastResult } from "../results.ts";
import { scoreOfProgress } from "../score.ts";
import type { Model, Room, View } from "./model.ts";
import { renderEnd, renderExercise, renderList, renderMark } from "./views.ts";

interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Longer lines are hard to read. */
const maxColumns = 100;
const barWidth = 24;

/** Keys of each view, as they are shown: two spaces between them. */
const keys: Readonly<Record<View, string>> = {
  exercise:
    "h hint  c check  a check all  e edit  d details  r rationale  x reset  n next  p previous  s skip  l list  q quit",
  rationale: "r back  d details  n next  p previous  l list  w finish  q quit",
  details: "d back  c check  n next  p previous  l list  q quit",
  list: "a–h go to an exercise  w finish  l back  q quit",
  end: "r rationale  l list  q quit",
};

/** Renders the whole screen: progress and score above, keys below, the view in the middle. */
export function renderFrame(model: Model, book: Book, size: Size, paint: Paint) {
  const width = Math.max(20, Math.min(maxColumns, size.columns - 1));
  const notice = model.notice === undefined ? [] : wrap(model.notice, width);
  const below = [...notice.map((line) => paint("yellow", line)), ...joinKeys(model.view, width)];
  const page = Math.max(1, size.rows - 3 - below.length);
  const body = breakLines(renderBody(model, book, width, paint), width);
  const maxScroll = Math.max(0, body.length - page);
  const scroll = Math.min(model.scroll, maxScroll);
  const middle = body.slice(scroll, scroll + page);
  const lines = [
    renderProgress(model, width, paint),
    paint("dim", "─".repeat(width)),
    ...middle,
    ...Array.from({ length: page - middle.length }, () => ""),
    paint("dim", rule(scroll, body.length - scroll - middle.length, width)),
    ...below,
  ];
  const room: Room = { maxScroll, page };
  return { lines: lines.slice(0, size.rows), room };
}

function renderBody(model: Model, book: Book, width: number, paint: Paint): string[] {
  const { letter, title } = book.exercise;
  const result = lastResult(model.progress, letter);
  switch (model.view) {
    case "exercise":
      return renderExercise(book, model, width, paint);
    case "rationale":
      return renderRationale(book, result, progressOf(model.progress, letter), width, paint);
    case "details":
      return [
        paint("bold", `${letter}  ${title}: the evidence`),
        "",
        ...(result === undefined ? [] : renderDetails(result, width, paint)),
      ];
    case "list":
      return renderList(model, width, paint);
    case "end":
      return renderEnd(model, width, paint);
  }
}

function renderProgress({ progress, checking }: Model, width: number, paint: Paint): string {
  const { passed, of } = scoreOfProgress(progress);
  // Below 4 the level adds nothing to the number.
  const level = passed < 4 ? "passed" : levelOf(passed).name;
  const marks = exercises.map(({ letter }) => {
    const label = letter === progress.current ? paint("bold", letter) : letter;
    return `${label}${renderMark(progressOf(progress, letter), paint)}`;
  });
  const done = Math.round((passed / of) * barWidth);
  const bar = paint("green", "█".repeat(done)) + paint("dim", "░".repeat(barWidth - done));
  const elapsed = checking === undefined ? "" : `  ${checking.letter} … ${checking.elapsedS} s`;
  const score = `${passed}/${of}`;
  const ends = [`  ${bar}  ${score} ${level}${elapsed}`, `  ${score} ${level}${elapsed}`];
  const lines = [...ends, `  ${score} ${level}`, `  ${score}`].map((end) => marks.join(" ") + end);
  const fitting = lines.find((line) => stripVTControlCharacters(line).length <= width);
  return fitting ?? lines.at(-1) ?? "";
}

function rule(above: number, below: number, width: number): string {
  const parts = [above > 0 && `↑ ${above}`, below > 0 && `↓ ${count(below, "more line")}: space`];
  const text = parts.filter(Boolean).join("  ");
  const more = text === "" ? "" : ` ${text} `;
  return `${"─".repeat(Math.max(0, width - more.length))}${more}`;
}

/** Keys of a view in as many lines as they need, so that none is cut off. */
function joinKeys(view: View, width: number): string[] {
  const lines: string[] = [];
  for (const key of keys[view].split("  ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + key.length <= width) {
      lines[lines.length - 1] = `${last}  ${key}`;
    } else {
      lines.push(key);
    }
  }
  return lines;
}
