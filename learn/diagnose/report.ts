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
  /** Why the program could not be loaded; undefined if it was. */
  readonly loadError: string | undefined;
  /** Whether it ends now. */
  readonly hasEnded: boolean;
}

/** Where docs/fundamentals.md explains what is behind it. */
const parts: Partial<Record<DiagnosisName, string>> = {
  "loop-blocked-by-waiting": "pools-for-blocking-calls",
  "loop-blocked-by-cpu": "worker-threads",
  "cpu-behind-a-promise": "microtasks",
  "garbage-collection": "blocking-the-loop",
  "libuv-pool-saturated": "libuvs-pool",
  "dns-lookups-queued": "libuvs-pool",
  "more-threads-than-cores": "worker-threads",
  "unhandled-rejection": "after-the-reply",
};

/** What was found, for people. */
export function renderReport(
  { program, pid, watchedMs, loadError }: Watched,
  diagnoses: readonly Diagnosis[],
): string {
  const found =
    diagnoses.length === 0
      ? "nothing found"
      : `${diagnoses.length} ${diagnoses.length === 1 ? "diagnosis" : "diagnoses"}`;
  const title =
    loadError !== undefined && diagnoses.length === 0
      ? `unblock diagnose: the program could not be loaded, so nothing was watched: ${loadError} (${program}, process ${pid})`
      : `unblock diagnose: ${found} in ${inWords(watchedMs)} (${program}, process ${pid})`;
  return `${[title, ...diagnoses.map(renderDiagnosis)].join("\n\n")}\n`;
}

export function renderDiagnosis({ name, finding, line, nextStep }: Diagnosis): string {
  const page = readOn(name);
  const exercise = exerciseFor(name);
  const text = line === undefined ? "" : textOf(fileOf(line), line.line, line.column);
  return [
    line === undefined ? name : `${name} at ${shownPlace(line)}`,
    ...(text === "" ? [] : [`  ${numberOf(line)} | ${text}`]),
    `  ${finding}`,
    `  → ${nextStep}`,
    ...(page === undefined ? [] : [`    ${page}`]),
    ...(exercise === undefined ? [] : [`    npm run learn -- --exercise ${exercise}`]),
  ].join("\n");
}

/** Where a diagnosis is explained; undefined when nothing more is known. */
export function readOn(name: DiagnosisName): string | undefined {
  const part = parts[name];
  return part === undefined ? undefined : `docs/fundamentals.md#${part}`;
}

function numberOf(line: CodeLine | undefined): string {
  return line?.column === undefined ? `${line?.line}` : `${line.line}:${line.column}`;
}
