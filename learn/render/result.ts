import type { ExerciseResult, StepResult, Verdict } from "../check/result.ts";
import type { Diagnosis } from "../diagnose/diagnosis.ts";
import type { Paint } from "../terminal/paint.ts";
import { wrap } from "../terminal/wrap.ts";

const marks = { PASS: "✓", FAIL: "✗", INCONCLUSIVE: "?" } as const;
const styles = { PASS: "green", FAIL: "red", INCONCLUSIVE: "yellow" } as const;
/** As wide as the longest name of a step. */
const stepWidth = 11;

/** What came of a check: the verdict, what to mend first, a line a step, and what else is wrong. */
export function renderResult(result: ExerciseResult, width: number, paint: Paint): string[] {
  const { verdict, decided, steps, diagnoses } = result;
  const decision = decided === undefined ? "" : `  you decided ${decided}`;
  const [first = [], ...others] = diagnoses.map((one) => renderDiagnosis(one, width, paint));
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
    const name = step.padEnd(stepWidth);
    const [first = "", ...rest] = wrap(message, width, " ".repeat(stepWidth + 6));
    return [`  ${markOf(verdict, paint)} ${name}  ${first.trimStart()}`, ...rest];
  });
}

function renderDiagnosis(diagnosis: Diagnosis, width: number, paint: Paint): string[] {
  const { name, finding, line, nextStep } = diagnosis;
  return [
    paint("bold", inWords(name)),
    ...wrap(finding, width, "  "),
    ...(line === undefined
      ? []
      : wrap(`at ${line.file}:${line.line}  ${line.what}`, width, "  ").map((text) =>
          paint("cyan", text),
        )),
    ...wrap(nextStep, width, "  → ", "    "),
  ];
}

/** "loop-blocked-by-waiting" as a heading. */
function inWords(name: string): string {
  const words = name.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function markOf(verdict: Verdict, paint: Paint): string {
  return paint(styles[verdict], marks[verdict]);
}
