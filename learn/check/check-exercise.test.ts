import { exerciseFile } from "@unblock/exercises/exercise";
import { exerciseOf } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import { checkExercise } from "./check-exercise.ts";
import type { StepName } from "./result.ts";

const stub = (letter: string) => exerciseFile(exerciseOf(letter), "stub.ts");
const wrong = (letter: string, name: string) => exerciseFile(exerciseOf(letter), `wrong/${name}`);

// All others are in the author's check, which takes minutes.
describe("the check of an exercise", { timeout: 90_000 }, () => {
  test("fails a stub by its missing decision, and names the mistake with its line", async () => {
    const file = stub("A");
    const begun: StepName[] = [];
    const ended: StepName[] = [];
    const result = await checkExercise(exerciseOf("A"), file, {
      onBegin: (step) => begun.push(step),
      onStep: ({ step }) => ended.push(step),
    });
    expect(result).toMatchObject({
      exercise: "A",
      rpc: "GetUser",
      file: "exercises/get-user/stub.ts",
      verdict: "FAIL",
      decided: undefined,
    });
    const [first] = result.steps.filter(({ verdict }) => verdict === "FAIL");
    expect(first?.step).toBe("decision");
    const [mistake, ...others] = result.diagnoses;
    expect(others).toEqual([]);
    expect(mistake?.name).toBe("loop-blocked-by-waiting");
    expect(mistake?.numbers.calls_on_loop).toBe(10);
    expect(mistake?.line).toMatchObject({
      file: "exercises/get-user/stub.ts",
      what: "findUserBlocking",
    });
    expect(ended).toEqual(result.steps.map(({ step }) => step));
    expect(begun).toEqual(["loads", "answer", "overlap", "stop"]);
  });

  test("leaves out the steps after a wrong answer", async () => {
    const result = await checkExercise(exerciseOf("D"), wrong("D", "reads-once.ts"));
    expect(result.verdict).toBe("FAIL");
    expect(result.steps.map(({ step }) => step)).toEqual(["loads", "decision", "answer", "stop"]);
    expect(result.diagnoses.map(({ name }) => name)).toEqual(["stale-value"]);
  });

  test("names an event that is lost at shutdown", async () => {
    const result = await checkExercise(exerciseOf("G"), wrong("G", "without-an-owner.ts"));
    expect(result.verdict).toBe("FAIL");
    expect(result.diagnoses.map(({ name }) => name)).toEqual(["lost-at-shutdown"]);
    const failed = result.steps.filter(({ verdict }) => verdict === "FAIL");
    expect(failed.map(({ step }) => step)).toEqual(["after-reply"]);
  });
});
