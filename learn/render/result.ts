import { type Diagnosis, taughtBy } from "@unblock/diagnose/diagnosis";
import { type Paint, wrap, wrapBehind } from "@unblock/terminal/text";
import type { ExerciseResult, StepResult } from "../check/result.ts";

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
