import type { CodeLine, Diagnosis } from "./diagnosis.ts";
import { fileOf } from "./own-code.ts";
import { readOn, type Watched } from "./report.ts";
import { textOf } from "./source.ts";

/** What was found, for scripts: a line for each diagnosis, and one that sums up. */
export function jsonReport(watched: Watched, diagnoses: readonly Diagnosis[]): string {
  const { program, pid, watchedMs, loadError, hasEnded } = watched;
  const summary = {
    type: "summary",
    program,
    pid,
    watched_ms: Math.round(watchedMs),
    findings: diagnoses.length,
    ended: hasEnded,
    could_not_load: loadError ?? null,
  };
  return `${jsonLines(pid, diagnoses)}${JSON.stringify(summary)}\n`;
}

/** A line for each diagnosis. A later line with the same `pid` and `id` takes the place of an earlier one. */
export function jsonLines(pid: number, diagnoses: readonly Diagnosis[]): string {
  return diagnoses.map((diagnosis) => `${JSON.stringify(toJson(pid, diagnosis))}\n`).join("");
}

function toJson(pid: number, diagnosis: Diagnosis) {
  const { name, finding, line, otherLines = [], thread, nextStep, numbers } = diagnosis;
  return {
    type: "finding",
    diagnosis: name,
    id: diagnosis.id ?? name,
    pid,
    thread: thread ?? null,
    ...placeOf(line),
    other_lines: otherLines.map((other) => ({
      ...placeOf(other.line),
      count: other.count,
      total_ms: Math.round(other.totalMs),
    })),
    finding,
    next_step: nextStep,
    read_on: readOn(name) ?? null,
    numbers,
  };
}

function placeOf(line: CodeLine | undefined) {
  return {
    file: line?.file ?? null,
    line: line?.line ?? null,
    column: line?.column ?? null,
    calls: line?.what ?? null,
    code: line === undefined ? null : textOf(fileOf(line), line.line, line.column),
  };
}
