import { type Mark, markOf } from "../../cli/mark.ts";
import type { Strategy } from "../../gen/unblock/v1/exercise_pb.ts";
import type { ExerciseProgress } from "../../progress/progress.ts";
import type { Book } from "../book/book.ts";
import { renderMarkdown } from "../book/markdown.ts";
import type { ExerciseResult } from "../check/result.ts";
import type { Paint } from "../terminal/paint.ts";
import { printable, wrap } from "../terminal/wrap.ts";
import { praiseFor } from "./praise.ts";
import { renderResult } from "./result.ts";

/** Also of those that work elsewhere. */
const notHere: Mark = { mark: "✗", style: "red" };

/** After a pass: what was good, why, what the other ways cost, and how the reference solution does it. */
export function renderRationale(
  book: Book,
  result: ExerciseResult | undefined,
  progress: ExerciseProgress,
  width: number,
  paint: Paint,
): string[] {
  const { exercise, right, rationale, reading } = book;
  const rightNames = new Set(right.map(({ strategy }) => strategy));
  const isRight = ({ name }: Strategy) => rightNames.has(name);
  const rightOnes = exercise.strategies.filter(isRight);
  const wrongOnes = exercise.strategies.filter((strategy) => !isRight(strategy));
  return [
    paint("bold", `${exercise.letter}  ${exercise.title}`),
    "",
    ...(result === undefined ? [] : [...renderResult(result, width, paint), ""]),
    ...(result?.verdict === "PASS" ? renderPraise(result, progress, width, paint) : []),
    paint("bold", right.length === 1 ? "The right answer" : "Right answers, and what they cost"),
    ...rightOnes.flatMap((one) =>
      renderStrategy(one, markOf(one.suitability), result?.decided, width, paint),
    ),
    "",
    paint("bold", "Not right here"),
    ...wrongOnes.flatMap((one) => renderStrategy(one, notHere, undefined, width, paint)),
    "",
    paint("bold", "Rationale"),
    ...renderMarkdown(rationale, width),
    "",
    ...renderReference(book, width, paint),
    "",
    paint("bold", "To read"),
    ...wrap(`${reading.rationale} (how this project's server does it)`, width, "  ", "    "),
    ...wrap(reading.partLink, width, "  ", "    "),
  ];
}

function renderPraise(
  result: ExerciseResult,
  progress: ExerciseProgress,
  width: number,
  paint: Paint,
): string[] {
  const praise = praiseFor(result, progress);
  return praise.length === 0
    ? []
    : [
        paint("bold", "What was good"),
        ...praise.flatMap((sentence) => wrap(sentence, width, "  ")),
        "",
      ];
}

function renderStrategy(
  { name, reason }: Strategy,
  { mark, style }: Mark,
  decided: string | undefined,
  width: number,
  paint: Paint,
): string[] {
  const yours = name === decided ? " (yours)" : "";
  const [first = "", ...rest] = wrap(reason + yours, width, " ".repeat(16));
  const label = `  ${paint(style, mark)} ${name.padEnd(10)}`;
  return [`${label}  ${first.trimStart()}`, ...rest];
}

function renderReference({ reference, right }: Book, width: number, paint: Paint): string[] {
  const { file, difference } = reference();
  const others = right.filter((one) => one.file !== file);
  return [
    ...wrap(`From your file (-) to the reference (+), ${file}`, width).map((line) =>
      paint("bold", line),
    ),
    ...(difference.length === 0 ? ["  They are the same, line by line."] : []),
    ...difference.flatMap((line) => {
      const style = line.startsWith("-") ? "red" : line.startsWith("+") ? "green" : "dim";
      return cut(printable(line), width - 2).map((text) => paint(style, `  ${text}`));
    }),
    ...others.flatMap((one) => wrap(`With ${one.strategy}: ${one.file}`, width)),
  ];
}

/** Code keeps its spaces, so it is cut and not wrapped. */
function cut(line: string, width: number): string[] {
  return line.length <= width
    ? [line]
    : [line.slice(0, width), ...cut(`⤷ ${line.slice(width)}`, width)];
}
