import { describe, expect, test } from "vitest";
import type { DiagnosisName } from "../../diagnose/diagnosis.ts";
import type { ExerciseResult, StepResult, Verdict } from "../result.ts";
import { expectFailure, expectNoFailure, expectPass, expectUndecided } from "./expectations.ts";

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
  test("of a stub that it is undecided first, and its mistake", () => {
    const expected = expectUndecided("sequential");
    expect(expected(resultOf("FAIL", ["sequential"], [undecided, overlap])).kind).toBe("expected");
    expect(expected(resultOf("FAIL", ["sequential"], [overlap])).kind).toBe("unexpected");
    expect(expected(resultOf("FAIL", ["wrong-place"], [undecided])).kind).toBe("unexpected");
    expect(expected(resultOf("PASS")).kind).toBe("unexpected");
  });

  test("of a solution that it passes, and beside a hog that it does not fail", () => {
    expect(expectPass(resultOf("PASS")).kind).toBe("expected");
    expect(expectPass(resultOf("INCONCLUSIVE")).kind).toBe("open");
    expect(expectPass(resultOf("FAIL")).kind).toBe("unexpected");
    expect(expectNoFailure(resultOf("INCONCLUSIVE")).kind).toBe("expected");
    expect(expectNoFailure(resultOf("FAIL")).kind).toBe("unexpected");
  });

  test("of a wrong answer its mistake first, and the other one with it", () => {
    const file = "a-b.ts";
    const one = expectFailure({ file, diagnosis: "sequential", restsOn: "counts" });
    expect(one(resultOf("FAIL", ["sequential", "wrong-place"])).kind).toBe("expected");
    expect(one(resultOf("FAIL", ["wrong-place", "sequential"])).kind).toBe("unexpected");
    expect(one(resultOf("FAIL")).kind).toBe("unexpected");
    expect(one(resultOf("INCONCLUSIVE")).kind).toBe("unexpected");
    const two = expectFailure({
      file,
      diagnosis: "sequential",
      also: "wrong-place",
      restsOn: "counts",
    });
    expect(two(resultOf("FAIL", ["sequential"])).kind).toBe("unexpected");
    expect(two(resultOf("FAIL", ["sequential", "wrong-place"])).kind).toBe("expected");
  });

  test("of one that only time gives away, that it does not pass", () => {
    const judge = expectFailure({ file: "", diagnosis: "cpu-behind-a-promise", restsOn: "time" });
    expect(judge(resultOf("INCONCLUSIVE")).kind).toBe("expected");
    expect(judge(resultOf("PASS")).kind).toBe("unexpected");
    expect(judge(resultOf("FAIL", ["sequential"])).kind).toBe("unexpected");
  });
});
