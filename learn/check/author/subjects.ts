import type { DiagnosisName } from "@unblock/diagnose/diagnosis";
import { planOf, type WrongAnswer } from "@unblock/exercises/check-plan";
import { answersOf, exerciseFile } from "@unblock/exercises/exercise";
import { type Exercise, exercises } from "@unblock/proto/exercises";
import type { ExerciseResult } from "../result.ts";

/** A file, and the expected result of its check. */
export interface Subject {
  readonly exercise: Exercise;
  readonly file: string;
  readonly judge: Judge;
}

/** Returns all subjects of the author's check, sorted by exercise. */
export function findSubjects(): readonly Subject[] {
  return exercises.flatMap((exercise) => {
    const { stubMistake, wrongAnswers } = planOf(exercise);
    const right = [...answersOf(exercise, "solutions"), ...answersOf(exercise, "right")];
    return [
      { exercise, file: exerciseFile(exercise, "stub.ts"), judge: expectUndecided(stubMistake) },
      ...right.map((file) => ({ exercise, file, judge: expectPass })),
      ...wrongAnswers.map((wrong) => ({
        exercise,
        file: exerciseFile(exercise, `wrong/${wrong.file}`),
        judge: expectFailure(wrong),
      })),
    ];
  });
}

/** Comparison of a result with its expectation. */
export interface Judgement {
  readonly kind: "expected" | "inconclusive" | "unexpected";
  /** The difference; null unless the result is unexpected. */
  readonly problem: string | null;
}

export type Judge = (result: ExerciseResult) => Judgement;

const expected: Judgement = { kind: "expected", problem: null };
const inconclusive: Judgement = { kind: "inconclusive", problem: null };

/** Expects a stub's first failure to be the missing decision, and its mistake to be named. */
export function expectUndecided(mistake: DiagnosisName): Judge {
  return (result) => {
    const first = result.steps.find(({ verdict }) => verdict === "FAIL");
    if (first?.step !== "decision" || !first.message.startsWith("not made yet")) {
      return unexpected("its first failure to be the decision, not made yet", result);
    }
    return names(result, [mistake]) ? expected : unexpected(mistake, result);
  };
}

/** Expects a right answer to pass. */
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

/** Expects a wrong answer to fail by its name. */
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

/** Whether the first diagnosis is one of the mistakes. */
function names({ diagnoses }: ExerciseResult, mistakes: readonly DiagnosisName[]): boolean {
  const [first] = diagnoses;
  return first !== undefined && mistakes.includes(first.name);
}

function hasNamed({ diagnoses }: ExerciseResult, mistake: DiagnosisName): boolean {
  return diagnoses.some(({ name }) => name === mistake);
}

function unexpected(wanted: string, { verdict, diagnoses, steps }: ExerciseResult): Judgement {
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
