import type { DiagnosisName } from "@unblock/diagnose/diagnosis";
import { describe, expect, test } from "vitest";
import type { ExerciseResult, StepResult, Verdict } from "../result.ts";
import { expectFailure, expectPass, expectUndecided } from "./subjects.ts";

function resultOf(
  verdict: Verdict,
  names: readonly DiagnosisName[] = [],
  steps: readonly StepResult[] = [],
): ExerciseResult {
  return {
    exercise: "A",
    rpc: "GetUser",
    title: "",
    file: "a.ts",
    verdict,
    decided: undefined,
    steps,
    diagnoses: names.map((name) => ({ name, finding: "", nextStep: "", numbers: {} })),
  };
}

const undecided: StepResult = { step: "decision", verdict: "FAIL", message: "not made yet: …" };
const overlap: StepResult = { step: "overlap", verdict: "FAIL", message: "1 of 10" };

describe("the author expects", () => {
  test("a stub to fail by its missing decision first, and by its mistake", () => {
    const expected = expectUndecided("sequential");
    expect(expected(resultOf("FAIL", ["sequential"], [undecided, overlap])).kind).toBe("expected");
    expect(expected(resultOf("FAIL", ["sequential"], [overlap])).kind).toBe("unexpected");
    expect(expected(resultOf("FAIL", ["wrong-executor"], [undecided])).kind).toBe("unexpected");
    expect(expected(resultOf("PASS")).kind).toBe("unexpected");
  });

  test("a right answer to pass, or to be inconclusive", () => {
    expect(expectPass(resultOf("PASS")).kind).toBe("expected");
    expect(expectPass(resultOf("INCONCLUSIVE")).kind).toBe("inconclusive");
    expect(expectPass(resultOf("FAIL")).kind).toBe("unexpected");
  });

  test("a wrong answer's mistake first, and its other mistake too", () => {
    const file = "a-b.ts";
    const one = expectFailure({ file, diagnoses: ["sequential"] });
    expect(one(resultOf("FAIL", ["sequential", "wrong-executor"])).kind).toBe("expected");
    expect(one(resultOf("FAIL", ["wrong-executor", "sequential"])).kind).toBe("unexpected");
    expect(one(resultOf("FAIL")).kind).toBe("unexpected");
    expect(one(resultOf("PASS")).kind).toBe("unexpected");
    expect(one(resultOf("INCONCLUSIVE")).kind).toBe("inconclusive");
    const two = expectFailure({ file, diagnoses: ["sequential"], also: "wrong-executor" });
    expect(two(resultOf("FAIL", ["sequential"])).kind).toBe("unexpected");
    expect(two(resultOf("FAIL", ["sequential", "wrong-executor"])).kind).toBe("expected");
  });

  test("either name of a mistake with two names", () => {
    const judge = expectFailure({ file: "", diagnoses: ["stale-value", "wrong-answer"] });
    expect(judge(resultOf("FAIL", ["wrong-answer"])).kind).toBe("expected");
    expect(judge(resultOf("FAIL", ["sequential"])).kind).toBe("unexpected");
  });
});
