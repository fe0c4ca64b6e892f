import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { JsonObject } from "@unblock/progress/json";
import {
  changeProgress,
  type Pass,
  type Progress,
  progressOf,
  withExercise,
} from "@unblock/progress/progress";
import { openKey, signStatement } from "@unblock/progress/signature";
import type { ExerciseResult } from "./check/result.ts";

const maxMistakes = 40;
const verdicts = ["PASS", "FAIL", "INCONCLUSIVE"] as const;

/**
 * Adds a check's result to the progress. An INCONCLUSIVE result is stored and changes nothing else.
 *
 * @param pass from {@link signPass}
 */
export function withResult(
  progress: Progress,
  result: ExerciseResult,
  pass: Pass | undefined,
): Progress {
  const { exercise: letter, verdict, diagnoses } = result;
  if (verdict === "INCONCLUSIVE") {
    return withExercise(progress, letter, { result });
  }
  const before = progressOf(progress, letter);
  const mistakes = new Set([...before.mistakes, ...diagnoses.map(({ name }) => name)]);
  return withExercise(progress, letter, {
    result,
    last: verdict,
    mistakes: [...mistakes].slice(0, maxMistakes),
    ...(pass === undefined ? {} : { pass, skipped: false }),
  });
}

/**
 * Signs a PASS with the key of the learner's folder, so that passes typed into the progress do not
 * count.
 *
 * @returns undefined for another verdict
 */
export function signPass(result: ExerciseResult, source: string, yours: string): Pass | undefined {
  if (result.verdict !== "PASS") {
    return undefined;
  }
  const machine = {
    cores: availableParallelism(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
  const checkedAt = new Date().toISOString();
  const statement = { exercise: result.exercise, checkedAt, result, source, machine };
  return signStatement(statement, openKey(yours));
}

/**
 * Records the result of a check outside of the course, such as `npm run check`.
 *
 * @param source the file as it was checked
 * @param path the progress file
 */
export async function recordResult(
  result: ExerciseResult,
  source: string,
  path: string,
): Promise<void> {
  const pass = signPass(result, source, dirname(path));
  await changeProgress(path, (progress) => withResult(progress, result, pass));
}

/** Result of an exercise's last check, from this session or an earlier one. */
export function lastResult(progress: Progress, letter: string): ExerciseResult | undefined {
  return resultIn(progressOf(progress, letter).result);
}

/** The result in stored JSON; undefined when it does not have the shape of one. */
export function resultIn(json: unknown): ExerciseResult | undefined {
  return isResult(json) ? json : undefined;
}

function isResult(json: unknown): json is ExerciseResult {
  try {
    const result = new JsonObject(json, "a result");
    for (const name of ["exercise", "rpc", "title", "file"]) {
      result.string(name);
    }
    result.oneOf("verdict", verdicts);
    result.optional("decided", result.string);
    return result.list("steps").every(isStep) && result.list("diagnoses").every(isDiagnosis);
  } catch {
    return false;
  }
}

/** @throws Error when a field is missing */
function isStep(json: unknown): boolean {
  const step = new JsonObject(json, "a step");
  step.string("step");
  step.string("message");
  step.oneOf("verdict", verdicts);
  const details = step.optional("details", step.list) ?? [];
  return details.every((one) => typeof one === "string");
}

/** @throws Error when a field is missing */
function isDiagnosis(json: unknown): boolean {
  const diagnosis = new JsonObject(json, "a diagnosis");
  for (const name of ["name", "finding", "nextStep"]) {
    diagnosis.string(name);
  }
  const line = diagnosis.optional("line", diagnosis.object);
  line?.string("file");
  line?.string("what");
  line?.number("line");
  return diagnosis
    .object("numbers")
    .values()
    .every((one) => typeof one === "number");
}
