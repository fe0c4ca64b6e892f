import { stripVTControlCharacters } from "node:util";
import { type ExerciseProgress, isPassed, progressOf } from "@unblock/progress/progress";
import { exerciseOf, exercises } from "@unblock/proto/exercises";
import { count } from "@unblock/terminal/numbers";
import { breakLines, type Paint, wrap, wrapBehind } from "@unblock/terminal/text";
import { type Book, readingFor } from "../book/book.ts";
import { renderMarkdown } from "../book/markdown.ts";
import { describeLevel, levelOf, levels } from "../levels.ts";
import { inWords, renderDetails, renderRationale, renderResult, renderSteps } from "../render.ts";
import { lastResult } from "../results.ts";
import { describeMemory, scoreOfProgress } from "../score.ts";
import type { Model, Room, View } from "./model.ts";

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
export function renderFrame(
  model: Model,
  book: Book,
  size: { readonly columns: number; readonly rows: number },
  paint: Paint,
) {
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

function renderExercise(book: Book, model: Model, width: number, paint: Paint): string[] {
  const { exercise, file, scenario, task, checked, hints } = book;
  const { letter, title, strategies } = exercise;
  const shownHints = hints.slice(0, progressOf(model.progress, letter).hints);
  const names = strategies.map(({ name }) => name).sort();
  return [
    paint("bold", `${letter}  ${title}`),
    ...wrap(`Edit ${file}: it is checked when you save it.`, width).map((line) =>
      line.replace(file, paint("cyan", file)),
    ),
    "",
    ...renderOutcome(model, letter, width, paint),
    ...Object.entries({ Scenario: scenario, Task: task, "What is checked": checked }).flatMap(
      ([heading, text]) => [paint("bold", heading), ...renderMarkdown(text, width), ""],
    ),
    ...wrap(
      `Decide between: ${names.join(", ")}. Say why in a line, then write the handler.`,
      width,
    ),
    ...shownHints.flatMap((hint, index) => ["", ...wrapBehind(`Hint ${index + 1}  `, hint, width)]),
  ];
}

function renderOutcome(model: Model, letter: string, width: number, paint: Paint): string[] {
  const { checking, progress } = model;
  if (checking?.letter === letter) {
    return [
      paint("bold", `Checking … ${checking.elapsedS} s`),
      ...renderSteps(checking.steps, width, paint),
      ...(checking.doing === undefined ? [] : [`  … ${checking.doing}`]),
      ...(checking.next.includes(letter)
        ? ["The file was saved again; it is checked again after this."]
        : []),
      "",
    ];
  }
  const result = lastResult(progress, letter);
  if (result !== undefined) {
    return [...renderResult(result, width, paint), ""];
  }
  return progressOf(progress, letter).skipped ? ["You have skipped this one.", ""] : [];
}

function renderList(model: Model, width: number, paint: Paint): string[] {
  const { progress, checking } = model;
  const { passed, of, review } = scoreOfProgress(progress);
  return [
    paint("bold", "The exercises; press a letter to go there"),
    ...exercises.flatMap((exercise) => {
      const { letter, title } = exercise;
      const here = letter === progress.current ? "›" : " ";
      const mark = renderMark(progressOf(progress, letter), paint);
      const text = `${title}${describeState(model, letter)}`;
      return wrapBehind(`${here} ${mark} ${letter}  `, text, width);
    }),
    ...(checking === undefined ? [] : [`Checking ${checking.letter} … ${checking.elapsedS} s`]),
    "",
    paint("bold", `Score ${passed}/${of}`),
    ...levels.flatMap((level) => {
      const { from, to } = level;
      const range = from === to ? `${from}` : `${from}–${to}`;
      const label = `${level === levelOf(passed) ? "›" : " "} ${range.padEnd(4)} `;
      return wrapBehind(label, describeLevel(level), width);
    }),
    "",
    ...describeMemory(progress, Date.now()).flatMap((line) => wrap(line, width)),
    ...(review.length === 0 ? [] : ["", paint("bold", "To review")]),
    ...review.map(exerciseOf).flatMap((exercise) => {
      const { rationale, partLink } = readingFor(exercise);
      return [
        ...wrap(exercise.title, width, `${exercise.letter}  `, "   "),
        ...[rationale, partLink].flatMap((path) => wrap(path, width, "   ")),
      ];
    }),
  ];
}

/** Mark of an exercise's state, distinct without colour. */
export function renderMark({ pass, last, skipped }: ExerciseProgress, paint: Paint): string {
  if (pass !== undefined) {
    return paint("green", "✓");
  }
  if (last === "FAIL") {
    return paint("red", "✗");
  }
  return skipped ? paint("yellow", "–") : paint("dim", "·");
}

function describeState({ progress, checking }: Model, letter: string): string {
  const { guess, last } = progressOf(progress, letter);
  const parts = [
    checking?.letter === letter && "being checked",
    checking?.next.includes(letter) && "to be checked",
    isPassed(progress, letter) && last === "FAIL" && "passed before, fails now",
    guess !== undefined && `guessed ${guess} on the page`,
  ].filter(Boolean);
  return parts.length === 0 ? "" : ` (${parts.join("; ")})`;
}

function renderEnd({ progress, resultFile }: Model, width: number, paint: Paint): string[] {
  const { passed, of } = scoreOfProgress(progress);
  const text = (words: string) => wrap(words, width);
  return [
    ...text(`${passed} of ${of}: ${describeLevel(levelOf(passed))}`).map((line) =>
      paint("bold", line),
    ),
    "",
    ...exercises.flatMap(({ letter, title }) => {
      const { mistakes } = progressOf(progress, letter);
      const decided = lastResult(progress, letter)?.decided;
      const corrected = mistakes.map((name) => inWords(name).toLowerCase());
      const text = [
        title,
        decided !== undefined && `as ${decided}`,
        corrected.length > 0 && `corrected: ${corrected.join(", ")}`,
      ].filter(Boolean);
      const mark = isPassed(progress, letter) ? paint("green", "✓") : "·";
      return wrapBehind(`  ${mark} ${letter}  `, text.join("; "), width);
    }),
    "",
    ...describeMemory(progress, Date.now()).flatMap(text),
    paint("bold", "Your result file"),
    ...(resultFile === undefined
      ? []
      : [
          ...wrap(resultFile, width, "  "),
          ...text(
            "It contains your answers, the evidence of each check, and a signature. Anyone with this project can verify it offline:",
          ),
          ...wrap(`npm run learn -- --verify ${resultFile}`, width, "  "),
        ]),
    "",
    paint("bold", "What comes after"),
    ...text("npm run learn -- --quiz: six other scenarios, each measured on your machine."),
    ...text("npm run learn -- --review: asks again with other numbers before you forget."),
    ...text("docs/diagnose.md: find these mistakes in a service of your own."),
  ];
}
