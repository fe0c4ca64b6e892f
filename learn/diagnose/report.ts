import { exerciseFor } from "../taught-by.ts";
import type { CodeLine, Diagnosis, DiagnosisName } from "./diagnosis.ts";
import { inWords } from "./numbers.ts";
import { fileOf, shownPlace } from "./own-code.ts";
import { textOf } from "./source.ts";

export interface Watched {
  /** The program as people know it. */
  readonly program: string;
  readonly pid: number;
  readonly watchedMs: number;
}

/** Where docs/fundamentals.md explains what is behind it. */
const parts: Partial<Record<DiagnosisName, string>> = {
  "loop-blocked-by-waiting": "pools-for-blocking-calls",
  "loop-blocked-by-cpu": "worker-threads",
  "cpu-behind-a-promise": "microtasks",
  "garbage-collection": "blocking-the-loop",
  "libuv-pool-saturated": "libuvs-pool",
  "more-threads-than-cores": "worker-threads",
  "unhandled-rejection": "after-the-reply",
};

/** What was found, for people. */
export function renderReport(
  { program, pid, watchedMs }: Watched,
  diagnoses: readonly Diagnosis[],
): string {
  const found =
    diagnoses.length === 0
      ? "nothing found"
      : `${diagnoses.length} ${diagnoses.length === 1 ? "diagnosis" : "diagnoses"}`;
  const title = `unblock diagnose: ${found} in ${inWords(watchedMs)} (${program}, process ${pid})`;
  return `${[title, ...diagnoses.map(renderDiagnosis)].join("\n\n")}\n`;
}

export function renderDiagnosis({ name, finding, line, nextStep }: Diagnosis): string {
  const part = parts[name];
  const exercise = exerciseFor(name);
  const text = line === undefined ? "" : textOf(fileOf(line), line.line, line.column);
  return [
    line === undefined ? name : `${name} at ${shownPlace(line)}`,
    ...(text === "" ? [] : [`  ${numberOf(line)} | ${text}`]),
    `  ${finding}`,
    `  → ${nextStep}`,
    ...(part === undefined ? [] : [`    docs/fundamentals.md#${part}`]),
    ...(exercise === undefined ? [] : [`    npm run learn -- --exercise ${exercise}`]),
  ].join("\n");
}

function numberOf(line: CodeLine | undefined): string {
  return line?.column === undefined ? `${line?.line}` : `${line.line}:${line.column}`;
}
