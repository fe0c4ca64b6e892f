import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Progress, progressOf } from "../../progress/progress.ts";
import { openKey, publicKeyOf, signStatement } from "../../progress/signature.ts";
import { exercises } from "../../registry/exercises.ts";
import { scoreOfProgress } from "../score.ts";
import { format, type ResultStatement } from "./result-file.ts";

/**
 * Writes the result of the course: score, answers, evidence and signature.
 *
 * @param path default: `result.json` in the learner's folder
 * @returns its path
 */
export function writeResultFile(
  progress: Progress,
  yours: string,
  path = join(yours, "result.json"),
): string {
  const { passed, of, level } = scoreOfProgress(progress);
  const statement: ResultStatement = {
    format,
    writtenAt: new Date().toISOString(),
    passed,
    of,
    level: level ?? null,
    passes: exercises.flatMap(({ letter }) => progressOf(progress, letter).pass ?? []),
  };
  const key = openKey(yours);
  const file = { ...signStatement(statement, key), publicKey: publicKeyOf(key) };
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(file, undefined, 2)}\n`);
  renameSync(draft, path);
  return path;
}
