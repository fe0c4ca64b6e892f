import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import {
  changeProgress,
  type Pass,
  type Progress,
  progressOf,
  withExercise,
} from "../progress/progress.ts";
import { openKey, signStatement } from "../progress/signature.ts";
import type { ExerciseResult } from "./check/result.ts";

const maxMistakes = 40;

/**
 * Adds a check's result to the progress. An INCONCLUSIVE one is kept to be shown and changes nothing
 * else.
 *
 * @param pass of a PASS, from {@link signPass}
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
 * Signs a PASS with the workspace's key, so that a pass that was written into the progress by hand
 * does not count.
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
 * Records the result of a check outside the course, such as `npm run check`.
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
