import type { DiagnosisName } from "../../diagnose/diagnosis.ts";
import type { WrongAnswer } from "../../wrong/expected.ts";
import type { ExerciseResult } from "../result.ts";

/** Whether a result is as expected: "inconclusive" when it could not be told. */
export type Judgement = { readonly kind: "expected" | "inconclusive" } | Unexpected;

export interface Unexpected {
  readonly kind: "unexpected";
  readonly problem: string;
}

export type Judge = (result: ExerciseResult) => Judgement;

const expected: Judgement = { kind: "expected" };
const inconclusive: Judgement = { kind: "inconclusive" };

/** A stub: its first line asks for the decision, and its mistake is named. */
export function expectUndecided(mistake: DiagnosisName): Judge {
  return (result) => {
    const first = result.steps.find(({ verdict }) => verdict === "FAIL");
    if (first?.step !== "decision" || !first.message.startsWith("not made yet")) {
      return unexpected("its first failure to be the decision, not made yet", result);
    }
    return names(result, [mistake]) ? expected : unexpected(mistake, result);
  };
}

/** A right answer. */
export function expectPass(result: ExerciseResult): Judgement {
  switch (result.verdict) {
    case "PASS":
      return expected;
    case "INCONCLUSIVE":
      return inconclusive;
    case "FAIL":
      return unexpected("PASS", result);
  }
}

/** A wrong answer. */
export function expectFailure({ diagnoses, also }: WrongAnswer): Judge {
  return (result) => {
    if (result.verdict === "INCONCLUSIVE") {
      return inconclusive;
    }
    const isNamed = names(result, diagnoses) && (also === undefined || hasNamed(result, also));
    const wanted = diagnoses.join(" or ") + (also === undefined ? "" : `, then ${also}`);
    return result.verdict === "FAIL" && isNamed ? expected : unexpected(wanted, result);
  };
}

/** Whether one of the mistakes is the one that is to be mended first. */
function names({ diagnoses }: ExerciseResult, mistakes: readonly DiagnosisName[]): boolean {
  const [first] = diagnoses;
  return first !== undefined && mistakes.includes(first.name);
}

function hasNamed({ diagnoses }: ExerciseResult, mistake: DiagnosisName): boolean {
  return diagnoses.some(({ name }) => name === mistake);
}

function unexpected(wanted: string, { verdict, diagnoses, steps }: ExerciseResult): Unexpected {
  const named = diagnoses.map(({ name }) => name).join(", ") || "no diagnosis";
  const failed = steps
    .filter((step) => step.verdict !== "PASS")
    .map(({ step, message }) => `${step}: ${message}`)
    .join("\n");
  return {
    kind: "unexpected",
    problem: `expected ${wanted}, got ${verdict} with ${named}\n${failed}`,
  };
}
