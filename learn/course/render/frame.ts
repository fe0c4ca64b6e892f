import { exercises } from "../../../registry/exercises.ts";
import type { Book } from "../../book/book.ts";
import { levelOf } from "../../levels.ts";
import { renderRationale } from "../../render/rationale.ts";
import type { Paint } from "../../terminal/paint.ts";
import { wrap } from "../../terminal/wrap.ts";
import type { Model, Room, View } from "../model.ts";
import { courseScore, progressOf } from "../progress.ts";
import { renderExercise } from "./exercise.ts";
import { renderList, renderMark } from "./list.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

export interface Frame {
  /** As many as the screen has rows. */
  readonly lines: readonly string[];
  readonly room: Room;
}

/** Longer lines are hard to read. */
const mostColumns = 100;
const barWidth = 24;

const keys: Readonly<Record<View, string>> = {
  exercise: "h hint  c check  r rationale  n next  p previous  s skip  l list  q quit",
  rationale: "r back  n next  p previous  l list  ↑ ↓ space scroll  q quit",
  list: "a–h go to an exercise  l back  q quit",
};

/** The whole screen: progress and score above, keys below, and in the middle what is looked at. */
export function renderFrame(model: Model, book: Book, size: Size, paint: Paint): Frame {
  const width = Math.max(20, Math.min(mostColumns, size.columns - 1));
  const notice = model.notice === undefined ? [] : wrap(model.notice, width);
  const below = [...notice.map((line) => paint("yellow", line)), shorten(keys[model.view], width)];
  const page = Math.max(1, size.rows - 3 - below.length);
  const body = renderBody(model, book, width, paint);
  const mostScroll = Math.max(0, body.length - page);
  const scroll = Math.min(model.scroll, mostScroll);
  const middle = body.slice(scroll, scroll + page);
  const hidden = body.length - scroll - middle.length;
  const lines = [
    renderProgress(model, width, paint),
    paint("dim", "─".repeat(width)),
    ...middle,
    ...Array.from({ length: page - middle.length }, () => ""),
    paint("dim", rule(hidden, width)),
    ...below,
  ];
  return { lines: lines.slice(0, size.rows), room: { mostScroll, page } };
}

function renderBody(model: Model, book: Book, width: number, paint: Paint): string[] {
  switch (model.view) {
    case "exercise":
      return renderExercise(book, model, width, paint);
    case "rationale":
      return renderRationale(book, model.results[book.exercise.letter], width, paint);
    case "list":
      return renderList(model, paint);
  }
}

function renderProgress({ progress }: Model, width: number, paint: Paint): string {
  const { passed, of } = courseScore(progress);
  // Below 4 the level says no more than the number.
  const level = passed < 4 ? "passed" : levelOf(passed).name;
  const marks = exercises.map(({ letter }) => {
    const label = letter === progress.current ? paint("bold", letter) : letter;
    return `${label}${renderMark(progressOf(progress, letter), paint)}`;
  });
  const done = Math.round((passed / of) * barWidth);
  const bar = paint("green", "█".repeat(done)) + paint("dim", "░".repeat(barWidth - done));
  const score = `${passed}/${of} ${level}`;
  // The marks are 23 characters wide.
  return width < 70 ? `${marks.join(" ")}  ${score}` : `${marks.join(" ")}  ${bar}  ${score}`;
}

function rule(hidden: number, width: number): string {
  const more = hidden === 0 ? "" : ` ↓ ${hidden} more line${hidden === 1 ? "" : "s"}: space `;
  return `${"─".repeat(width - more.length)}${more}`;
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
