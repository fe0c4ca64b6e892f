import { type Diagnosis, taughtBy } from "@unblock/diagnose/diagnosis";
import type { ExerciseProgress } from "@unblock/progress/progress";
import type { Strategy } from "@unblock/proto/gen/exercise";
import { type Mark, markOf } from "@unblock/terminal/mark";
import { breakLines, type Paint, printable, wrap, wrapBehind } from "@unblock/terminal/text";
import type { Book } from "./book/book.ts";
import { renderMarkdown } from "./book/markdown.ts";
import type { ExerciseResult, StepName, StepResult } from "./check/result.ts";

const marks = { PASS: "✓", FAIL: "✗", INCONCLUSIVE: "?" } as const;
const styles = { PASS: "green", FAIL: "red", INCONCLUSIVE: "yellow" } as const;
/** Length of the longest step name. */
const stepWidth = 11;

/**
 * Renders a check's result: the verdict, the first diagnosis, one line per step, other diagnoses.
 */
export function renderResult(result: ExerciseResult, width: number, paint: Paint): string[] {
  const { exercise, verdict, decided, steps, diagnoses } = result;
  const decision = decided === undefined ? "" : `  you decided ${decided}`;
  const [first = [], ...others] = diagnoses.map((one) =>
    renderDiagnosis(one, exercise, width, paint),
  );
  return [
    `${paint(styles[verdict], paint("bold", verdict))}${decision}`,
    ...first,
    ...(first.length === 0 ? [] : [""]),
    ...renderSteps(steps, width, paint),
    ...others.flatMap((lines) => ["", ...lines]),
  ];
}

export function renderSteps(steps: readonly StepResult[], width: number, paint: Paint): string[] {
  return steps.flatMap(({ step, verdict, message }) => {
    const mark = paint(styles[verdict], marks[verdict]);
    return wrapBehind(`  ${mark} ${step.padEnd(stepWidth)}  `, message, width);
  });
}

export function renderDetails(result: ExerciseResult, width: number, paint: Paint): string[] {
  const { steps, diagnoses } = result;
  return [
    ...steps.flatMap((step) => [
      ...renderSteps([step], width, paint),
      ...(step.details ?? []).flatMap((detail) =>
        wrapBehind(`${" ".repeat(stepWidth + 6)}- `, detail, width),
      ),
    ]),
    ...diagnoses.flatMap(({ name, numbers }) => [
      "",
      paint("bold", inWords(name)),
      ...Object.entries(numbers).map(([what, value]) => `  ${what.padEnd(24)} ${value}`),
    ]),
  ];
}

function renderDiagnosis(
  { name, finding, line, nextStep }: Diagnosis,
  exercise: string,
  width: number,
  paint: Paint,
): string[] {
  const teacher = taughtBy[name];
  return [
    paint("bold", inWords(name)),
    ...wrap(finding, width, "  "),
    ...(line === undefined
      ? []
      : wrap(`at ${line.file}:${line.line}  ${line.what}`, width, "  ").map((text) =>
          paint("cyan", text),
        )),
    ...wrap(nextStep, width, "  → ", "    "),
    ...(teacher === undefined || teacher === exercise
      ? []
      : wrap(`Exercise ${teacher} is about this mistake.`, width, "    ")),
  ];
}

/** Turns a diagnosis's name, such as "loop-blocked-by-waiting", into a heading. */
export function inWords(name: string): string {
  const words = name.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a passed step shows the learner to have done right. */
const meanings: Partial<Record<StepName, string>> = {
  overlap: "Your calls waited at the same time",
  probe: "Other callers were served while your calls ran",
  signal: "Work stops when its caller disconnects",
  "after-reply": "The event has an owner after the response",
};

/** Mark of every strategy that does not pass here, also of those that work elsewhere. */
const notHere: Mark = { mark: "✗", style: "red" };

/**
 * Renders what follows a pass: what was good, the rationale, the cost of the other strategies, and
 * the difference from the reference solution.
 */
export function renderRationale(
  book: Book,
  result: ExerciseResult | undefined,
  progress: ExerciseProgress,
  width: number,
  paint: Paint,
): string[] {
  const { exercise, right, rationale, reading } = book;
  const isRight = ({ name }: Strategy) => right.some(({ strategy }) => strategy === name);
  const rightOnes = exercise.strategies.filter(isRight);
  const wrongOnes = exercise.strategies.filter((strategy) => !isRight(strategy));
  const praised = result?.verdict === "PASS" ? praiseFor(result, progress) : [];
  const praise = praised.flatMap((sentence) => wrap(sentence, width, "  "));
  return [
    paint("bold", `${exercise.letter}  ${exercise.title}`),
    "",
    ...(result === undefined ? [] : [...renderResult(result, width, paint), ""]),
    ...(praise.length === 0 ? [] : [paint("bold", "What was good"), ...praise, ""]),
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

function renderStrategy(
  { name, reason }: Strategy,
  { mark, style }: Mark,
  decided: string | undefined,
  width: number,
  paint: Paint,
): string[] {
  const yours = name === decided ? " (yours)" : "";
  return wrapBehind(`  ${paint(style, mark)} ${name.padEnd(13)}  `, reason + yours, width);
}

function renderReference({ reference, right }: Book, width: number, paint: Paint): string[] {
  const { file, difference } = reference();
  const others = right.filter((one) => one.file !== file);
  const coloured = difference.map((line) => {
    const style = line.startsWith("-") ? "red" : line.startsWith("+") ? "green" : "dim";
    return paint(style, `  ${printable(line)}`);
  });
  return [
    ...wrap(`From your file (-) to the reference (+), ${file}`, width).map((line) =>
      paint("bold", line),
    ),
    ...(difference.length === 0 ? ["  They have the same lines."] : []),
    ...breakLines(coloured, width),
    ...others.flatMap((one) => wrap(`With ${one.strategy}: ${one.file}`, width)),
  ];
}

/**
 * Describes what was good about a passed check, from its evidence; corrected mistakes come first.
 */
export function praiseFor(
  { steps }: ExerciseResult,
  { mistakes, hints }: ExerciseProgress,
): string[] {
  const shown = steps.flatMap(({ step, verdict, message }) => {
    const meaning = meanings[step];
    return verdict === "PASS" && meaning !== undefined ? [`${meaning}: ${message}.`] : [];
  });
  const corrected = mistakes.map((name) => inWords(name).toLowerCase());
  return [
    ...(corrected.length === 0 ? [] : [`You found and corrected: ${corrected.join(", ")}.`]),
    ...shown,
    ...(corrected.length === 0 && hints === 0
      ? ["Right at the first attempt, without a hint."]
      : []),
  ];
}
