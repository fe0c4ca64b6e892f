import { strategyMeanings } from "../../registry/exercises.ts";
import type { Paint } from "../terminal/paint.ts";
import { wrap } from "../terminal/wrap.ts";
import type { Measured } from "./measure.ts";
import { isRight, type Question, type Strategy, strategyNames } from "./question.ts";

const nameWidth = 11;

/** The scenario, and a key for each way. */
export function renderQuestion(question: Question, width: number, paint: Paint): string[] {
  return [
    paint("bold", question.title),
    ...wrap(question.scenario, width),
    "",
    ...strategyNames.flatMap((name, index) => {
      const label = `  ${index + 1}  ${name.padEnd(nameWidth)} `;
      return wrap(strategyMeanings[name], width, label, " ".repeat(label.length));
    }),
    "",
  ];
}

/** Whether the choice is right, and why. */
export function renderGrade(
  question: Question,
  choice: Strategy,
  width: number,
  paint: Paint,
): string[] {
  const { suitability, reason } = question.answers[choice];
  const verdict = { recommended: "right", works: "right, at a price", wrong: "not here" }[
    suitability
  ];
  return [
    paint(isRight(question, choice) ? "green" : "red", `${choice}: ${verdict}`),
    ...wrap(reason, width),
    "",
  ];
}

/** A table of what was measured, and what to see in it. */
export function renderMeasured(
  { measurement }: Question,
  measured: readonly Measured[],
  width: number,
  paint: Paint,
): string[] {
  const { title, columns, ways, reading } = measurement;
  const first = Math.max(...ways.map(({ name }) => name.length));
  const header = columns.map((column) => column.title.padStart(widthOf(column.title))).join("");
  return [
    ...wrap(`Measured now, here: ${title}`, width).map((line) => paint("bold", line)),
    paint("dim", `  ${" ".repeat(first)}${header}`),
    ...measured.flatMap(({ way, figures, problem }) => {
      const label = `  ${way.name.padEnd(first)}`;
      if (figures === undefined) {
        return wrap(`could not be measured: ${problem}`, width, `${label}  `, "    ");
      }
      const cells = columns.map((column) => column.value(figures).padStart(widthOf(column.title)));
      return [label + cells.join("")];
    }),
    ...wrap(reading, width),
    "",
  ];
}

/** What there is to say of each way, and more to know. */
export function renderAnswers(question: Question, width: number, paint: Paint): string[] {
  return [
    paint("bold", "All ways: ★ recommended, ✓ works at a price, ✗ not here"),
    ...strategyNames.flatMap((name) => {
      const { suitability, reason } = question.answers[name];
      const mark = { recommended: "★", works: "✓", wrong: "✗" }[suitability];
      const indent = " ".repeat(nameWidth + 3);
      const [line = "", ...rest] = wrap(reason, width, indent);
      const style = suitability === "wrong" ? "red" : "green";
      return [`${paint(style, mark)} ${name.padEnd(nameWidth)} ${line.trimStart()}`, ...rest];
    }),
    "",
    ...wrap(question.lesson, width),
    "",
  ];
}

function widthOf(title: string): number {
  return Math.max(title.length, 8) + 3;
}
