import { type CodeLine, type Diagnosis, inWords, shownLocation, taughtBy } from "./diagnosis.ts";
import { textOf } from "./source.ts";

/** What a report is about. */
export interface Watched {
  /** Name of the program for people. */
  readonly program: string;
  readonly watchedMs: number;
  /** Why the program could not be loaded; undefined if it was. */
  readonly loadError: string | undefined;
  /** Whether the program ends now. */
  readonly hasEnded: boolean;
}

/** Renders a report for people. */
export function renderReport(watched: Watched, diagnoses: readonly Diagnosis[]): string {
  const { program, watchedMs, loadError } = watched;
  const count = diagnoses.length;
  const found =
    count === 0 ? "nothing found" : `${count} ${count === 1 ? "diagnosis" : "diagnoses"}`;
  const title =
    loadError !== undefined && count === 0
      ? `the program could not be loaded, so nothing was watched: ${loadError}`
      : `${found} in ${inWords(watchedMs)}`;
  const head = `unblock diagnose: ${title} (${program}, process ${process.pid})`;
  return `${[head, ...diagnoses.map(renderDiagnosis)].join("\n\n")}\n`;
}

export function renderDiagnosis(diagnosis: Diagnosis): string {
  const { name, finding, line, nextStep, readOn } = diagnosis;
  const exercise = taughtBy[name];
  const text = line === undefined ? "" : textOf(line);
  const lines = [titleOf(diagnosis)];
  if (line !== undefined && text !== "") {
    const column = line.column === undefined ? "" : `:${line.column}`;
    lines.push(`  ${line.line}${column} | ${text}`);
  }
  lines.push(`  ${finding}`, `  → ${nextStep}`);
  if (readOn !== undefined) {
    lines.push(`    ${pageOf(readOn)}`);
  }
  if (exercise !== undefined) {
    lines.push(`    npm run learn -- --exercise ${exercise}`);
  }
  return lines.join("\n");
}

function titleOf({ name, line }: Diagnosis): string {
  return line === undefined ? name : `${name} at ${shownLocation(line)}`;
}

function pageOf(anchor: string): string {
  return `docs/fundamentals.md#${anchor}`;
}

/** Renders a report for scripts: a JSON line per diagnosis, and a summary. */
export function jsonReport(watched: Watched, diagnoses: readonly Diagnosis[]): string {
  const { program, watchedMs, loadError, hasEnded } = watched;
  const summary = {
    type: "summary",
    program,
    pid: process.pid,
    watched_ms: Math.round(watchedMs),
    findings: diagnoses.length,
    ended: hasEnded,
    could_not_load: loadError ?? null,
  };
  return `${jsonLines(diagnoses)}${JSON.stringify(summary)}\n`;
}

/** Renders a line per diagnosis. A later line replaces an earlier one with the same `pid` and `id`. */
export function jsonLines(diagnoses: readonly Diagnosis[]): string {
  return diagnoses.map((diagnosis) => `${JSON.stringify(toJson(diagnosis))}\n`).join("");
}

function toJson(diagnosis: Diagnosis) {
  const { name, id, finding, line, otherLines = [], thread, nextStep, readOn, numbers } = diagnosis;
  return {
    type: "finding",
    diagnosis: name,
    id: id ?? name,
    pid: process.pid,
    thread: thread ?? null,
    ...lineToJson(line),
    other_lines: otherLines.map((other) => ({
      ...lineToJson(other.line),
      count: other.count,
      total_ms: Math.round(other.totalMs),
    })),
    finding,
    next_step: nextStep,
    read_on: readOn === undefined ? null : pageOf(readOn),
    numbers,
  };
}

function lineToJson(line: CodeLine | undefined) {
  return {
    file: line?.file ?? null,
    line: line?.line ?? null,
    column: line?.column ?? null,
    calls: line?.what ?? null,
    code: line === undefined ? null : textOf(line),
  };
}

/** Time until a diagnosis that has got worse is reported again. It doubles with each report, */
const minIntervalMs = 5_000;
/** up to this. */
const maxIntervalMs = 300_000;

/** A diagnosis that is new, or worse than when it was last reported. */
interface News {
  readonly diagnosis: Diagnosis;
  readonly isUpdate: boolean;
}

/** Selects what to report live: each diagnosis when it is new, then ever more rarely as it gets worse. */
export class LiveReport {
  readonly #reported = new Map<string, { finding: string; nextMs: number; intervalMs: number }>();

  /** Diagnoses to report now. */
  take(diagnoses: readonly Diagnosis[], nowMs: number): News[] {
    return diagnoses.flatMap((diagnosis) => {
      const { finding, name, id = name } = diagnosis;
      const before = this.#reported.get(id);
      if (before !== undefined && (before.finding === finding || nowMs < before.nextMs)) {
        return [];
      }
      const intervalMs = Math.min(maxIntervalMs, before ? 2 * before.intervalMs : minIntervalMs);
      this.#reported.set(id, { finding, intervalMs, nextMs: nowMs + intervalMs });
      return [{ diagnosis, isUpdate: before !== undefined }];
    });
  }
}

/** Renders live diagnoses for people; empty if there are none. */
export function renderNews(news: readonly News[]): string {
  return news
    .map(({ diagnosis, isUpdate }) =>
      isUpdate
        ? `unblock diagnose: ${titleOf(diagnosis)}, by now: ${diagnosis.finding}\n`
        : `unblock diagnose: ${renderDiagnosis(diagnosis)}\n`,
    )
    .join("");
}
