import { type Progress, progressOf } from "../progress/progress.ts";
import type { ExerciseResult } from "./check/result.ts";

/** The result of an exercise's last check, from this session or an earlier one. */
export function lastResult(progress: Progress, letter: string): ExerciseResult | undefined {
  return resultIn(progressOf(progress, letter).result);
}

/** The result in what was stored as JSON; undefined when it has not the shape of one. */
export function resultIn(json: unknown): ExerciseResult | undefined {
  return isResult(json) ? json : undefined;
}

function isResult(json: unknown): json is ExerciseResult {
  return (
    isRecord(json) &&
    hasTexts(json, ["exercise", "rpc", "title", "file"]) &&
    isVerdict(json.verdict) &&
    (json.decided === undefined || typeof json.decided === "string") &&
    Array.isArray(json.steps) &&
    json.steps.every(isStep) &&
    Array.isArray(json.diagnoses) &&
    json.diagnoses.every(isDiagnosis)
  );
}

function isStep(json: unknown): boolean {
  return (
    isRecord(json) &&
    hasTexts(json, ["step", "message"]) &&
    isVerdict(json.verdict) &&
    (json.details === undefined || isTexts(json.details))
  );
}

function isDiagnosis(json: unknown): boolean {
  return (
    isRecord(json) &&
    hasTexts(json, ["name", "finding", "nextStep"]) &&
    isRecord(json.numbers) &&
    Object.values(json.numbers).every((one) => typeof one === "number") &&
    (json.line === undefined ||
      (isRecord(json.line) &&
        hasTexts(json.line, ["file", "what"]) &&
        typeof json.line.line === "number"))
  );
}

function isVerdict(value: unknown): boolean {
  return value === "PASS" || value === "FAIL" || value === "INCONCLUSIVE";
}

function hasTexts(json: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return names.every((name) => typeof json[name] === "string");
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
