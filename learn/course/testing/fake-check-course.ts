/**
 * Runs the course with a check that only searches the file for words, for tests of the course
 * itself. The argument is the learner's folder.
 */
import { readFileSync } from "node:fs";
import type { ExerciseResult, StepResult } from "../../check/result.ts";
import { runCourse } from "../run.ts";

const [, , yours = ""] = process.argv;

await runCourse(yours, async (exercise, file, { onBegin, onStep }): Promise<ExerciseResult> => {
  const source = readFileSync(file, "utf8");
  if (source.includes("break the check")) {
    throw new Error("no such backend");
  }
  if (source.includes("crash the course")) {
    setImmediate(() => {
      throw new Error("a fault of the course itself");
    });
  }
  if (source.includes("end the course")) {
    process.kill(process.pid, "SIGTERM");
  }
  const passes = source.includes("let it pass");
  const steps: StepResult[] = [
    { step: "loads", verdict: "PASS", message: "it loads and type-checks" },
    passes
      ? { step: "executor", verdict: "PASS", message: "10 calls ran on 10 threads" }
      : { step: "executor", verdict: "FAIL", message: "10 of 10 calls held the event loop" },
  ];
  for (const step of steps) {
    onBegin?.(step.step);
    onStep?.(step);
  }
  return {
    exercise: exercise.letter,
    rpc: exercise.rpc,
    title: exercise.title,
    file,
    verdict: passes ? "PASS" : "FAIL",
    decided: "blocking-pool",
    steps,
    diagnoses: passes
      ? []
      : [
          {
            name: "loop-blocked-by-waiting",
            finding: "The event loop stood still for 512 ms and its thread slept.",
            line: { file: "learn/yours/a-get-user.ts", line: 14, what: "findUserBlocking" },
            nextStep: "Let another thread wait: give the call to a pool.",
            numbers: { blocked_ms: 512 },
          },
        ],
  };
});
