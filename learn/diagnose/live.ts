import type { Diagnosis } from "./diagnosis.ts";
import { shownPlace } from "./own-code.ts";
import { renderDiagnosis } from "./report.ts";

/** A diagnosis that gets worse is told again after so many milliseconds. */
const againMs = 5_000;

/** Tells of each diagnosis when it is new, and then now and then as it gets worse. */
export class LiveReport {
  readonly #told = new Map<string, { readonly finding: string; readonly atMs: number }>();

  /** What there is to say now; empty when there is nothing new. */
  render(diagnoses: readonly Diagnosis[], nowMs: number): string {
    return diagnoses.map((diagnosis) => this.#renderOne(diagnosis, nowMs)).join("");
  }

  #renderOne(diagnosis: Diagnosis, nowMs: number): string {
    const { name, finding, line } = diagnosis;
    const where = line === undefined ? name : `${name} at ${shownPlace(line)}`;
    const before = this.#told.get(where);
    if (before !== undefined && (before.finding === finding || nowMs - before.atMs < againMs)) {
      return "";
    }
    this.#told.set(where, { finding, atMs: nowMs });
    return before === undefined
      ? `unblock diagnose: ${renderDiagnosis(diagnosis)}\n`
      : `unblock diagnose: ${where}, by now: ${finding}\n`;
  }
}
