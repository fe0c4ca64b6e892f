import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import {
  changeProgress,
  type Pass,
  type Progress,
  progressOf,
  withExercise,
} from "@unblock/progress/progress";
import { openKey, signStatement } from "@unblock/progress/signature";
import { z } from "zod";
import type { ExerciseResult } from "./check/result.ts";

const maxMistakes = 40;

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
 * Signs a PASS with the key of the learner's folder, so that passes typed into the progress do not count.
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

const verdict = z.enum(["PASS", "FAIL", "INCONCLUSIVE"]);

/** What is shown of a result; it may be older than this version of the check. */
const resultSchema = z.object({
  exercise: z.string(),
  rpc: z.string(),
  title: z.string(),
  file: z.string(),
  verdict,
  decided: z.string().optional(),
  steps: z.array(
    z.object({
      step: z.string(),
      verdict,
      message: z.string(),
      details: z.array(z.string()).optional(),
    }),
  ),
  diagnoses: z.array(
    z.object({
      name: z.string(),
      finding: z.string(),
      nextStep: z.string(),
      line: z.object({ file: z.string(), line: z.number(), what: z.string() }).optional(),
      numbers: z.record(z.string(), z.number()),
    }),
  ),
});

/** The result in stored JSON; undefined when it does not have the shape of one. */
export function resultIn(json: unknown): ExerciseResult | undefined {
  return isResult(json) ? json : undefined;
}

function isResult(json: unknown): json is ExerciseResult {
  return resultSchema.safeParse(json).success;
}
