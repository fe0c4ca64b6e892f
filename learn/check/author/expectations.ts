import type { DiagnosisName } from "../../diagnose/diagnosis.ts";
import type { WrongAnswer } from "../../wrong/expected.ts";
import type { ExerciseResult } from "../result.ts";

/** Whether a result is as expected: "open" when the machine did not let it be told. */
export type Judgement = { readonly kind: "expected" | "open" } | Unexpected;

export interface Unexpected {
  readonly kind: "unexpected";
  readonly problem: string;
}

export type Judge = (result: ExerciseResult) => Judgement;

const expected: Judgement = { kind: "expected" };
const open: Judgement = { kind: "open" };

/** A stub: its first line asks for the decision, and its mistake is named. */
export function expectUndecided(mistake: DiagnosisName): Judge {
  return (result) => {
    const first = result.steps.find(({ verdict }) => verdict === "FAIL");
    if (first?.step !== "decision" || !first.message.startsWith("not made yet")) {
      return unexpected("its first failure to be the decision, not made yet", result);
    }
    return names(result, mistake) ? expected : unexpected(mistake, result);
  };
}

/** A solution, on a machine that does nothing else. */
export function expectPass(result: ExerciseResult): Judgement {
  switch (result.verdict) {
    case "PASS":
      return expected;
    case "INCONCLUSIVE":
      return open;
    case "FAIL":
      return unexpected("PASS", result);
  }
}

/** A solution beside somebody who takes a core: its time need not be told. */
export function expectNoFailure(result: ExerciseResult): Judgement {
  return result.verdict === "FAIL" ? unexpected("anything but FAIL", result) : expected;
}

/** A wrong answer: what gives itself away by counts does so on any machine. */
export function expectFailure({ diagnosis, also, restsOn }: WrongAnswer): Judge {
  return (result) => {
    if (restsOn === "time" && result.verdict === "INCONCLUSIVE") {
      return expected;
    }
    const isNamed = names(result, diagnosis) && (also === undefined || hasNamed(result, also));
    const both = also === undefined ? diagnosis : `${diagnosis}, then ${also}`;
    return result.verdict === "FAIL" && isNamed ? expected : unexpected(both, result);
  };
}

/** Whether it is the mistake that is to be mended first. */
function names({ diagnoses }: ExerciseResult, mistake: DiagnosisName): boolean {
  return diagnoses[0]?.name === mistake;
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
