import type { ExerciseResult } from "../../check/result.ts";
import type { Book } from "../library.ts";
import { renderMarkdown } from "../markdown.ts";
import type { Paint } from "../paint.ts";
import { printable, wrap } from "../wrap.ts";
import { renderResult } from "./result.ts";

/** After a pass: why, what the other ways cost, and how the reference solution does it. */
export function renderRationale(
  book: Book,
  result: ExerciseResult | undefined,
  width: number,
  paint: Paint,
): string[] {
  const { exercise, right, rationale, reading } = book;
  const rightNames = right.map(({ strategy }) => strategy);
  const wrong = exercise.strategies.filter(({ name }) => !rightNames.includes(name));
  return [
    paint("bold", `${exercise.letter}  ${exercise.title}`),
    "",
    ...(result === undefined ? [] : [...renderResult(result, width, paint), ""]),
    paint("bold", right.length === 1 ? "The right answer" : "Right answers, and what they cost"),
    ...rightNames.flatMap((name) => renderStrategy(book, name, result?.decided, width, paint)),
    "",
    paint("bold", "Not right here"),
    ...wrong.flatMap(({ name }) => renderStrategy(book, name, undefined, width, paint)),
    "",
    paint("bold", "Rationale"),
    ...renderMarkdown(rationale, width),
    "",
    ...renderReference(book, width, paint),
    "",
    paint("bold", "To read"),
    `  ${reading.rationale}`,
    `  ${reading.partLink}`,
  ];
}

function renderStrategy(
  { exercise, right }: Book,
  name: string,
  decided: string | undefined,
  width: number,
  paint: Paint,
): string[] {
  const reason = exercise.strategies.find((one) => one.name === name)?.reason ?? "";
  const isRight = right.some(({ strategy }) => strategy === name);
  const mark = isRight ? (name === exercise.recommended ? "★" : "✓") : "✗";
  const yours = name === decided ? " (yours)" : "";
  const [first = "", ...rest] = wrap(reason + yours, width, " ".repeat(16));
  const label = `  ${paint(isRight ? "green" : "red", mark)} ${name.padEnd(10)}`;
  return [`${label}  ${first.trimStart()}`, ...rest];
}

function renderReference({ reference, right }: Book, width: number, paint: Paint): string[] {
  const { file, difference } = reference();
  const others = right.filter((one) => one.file !== file);
  return [
    paint("bold", `From your file (-) to the reference (+), ${file}`),
    ...(difference.length === 0 ? ["  They are the same, line by line."] : []),
    ...difference.flatMap((line) => {
      const style = line.startsWith("-") ? "red" : line.startsWith("+") ? "green" : "dim";
      return cut(printable(line), width - 2).map((text) => paint(style, `  ${text}`));
    }),
    ...others.map((one) => `With ${one.strategy}: ${one.file}`),
  ];
}

/** Code keeps its spaces, so it is cut and not wrapped. */
function cut(line: string, width: number): string[] {
  return line.length <= width
    ? [line]
    : [line.slice(0, width), ...cut(`    ${line.slice(width)}`, width)];
}
