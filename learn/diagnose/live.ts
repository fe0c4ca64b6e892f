import type { Diagnosis } from "./diagnosis.ts";
import { shownPlace } from "./own-code.ts";
import { renderDiagnosis } from "./report.ts";

/** A diagnosis that gets worse is reported again after so many milliseconds, */
const minAgainMs = 5_000;
/** and each time after twice as long, up to so many: what goes on for hours is no news. */
const maxAgainMs = 300_000;

/** A diagnosis that is new, or worse than when it was reported last. */
interface News {
  readonly diagnosis: Diagnosis;
  readonly isUpdate: boolean;
}

interface Reported {
  readonly finding: string;
  readonly nextMs: number;
  readonly againMs: number;
}

/** Reports each diagnosis when it is new, and then ever more rarely as it gets worse. */
export class LiveReport {
  readonly #reported = new Map<string, Reported>();

  /** What there is to report now. */
  take(diagnoses: readonly Diagnosis[], nowMs: number): News[] {
    return diagnoses.flatMap((diagnosis) => {
      const { finding, name, id = name } = diagnosis;
      const before = this.#reported.get(id);
      if (before !== undefined && (before.finding === finding || nowMs < before.nextMs)) {
        return [];
      }
      const againMs = before === undefined ? minAgainMs : Math.min(maxAgainMs, 2 * before.againMs);
      this.#reported.set(id, { finding, againMs, nextMs: nowMs + againMs });
      return [{ diagnosis, isUpdate: before !== undefined }];
    });
  }

  /** For people; empty when there is nothing new. */
  render(news: readonly News[]): string {
    return news
      .map(({ diagnosis, isUpdate }) => {
        const { name, line, finding } = diagnosis;
        const where = line === undefined ? name : `${name} at ${shownPlace(line)}`;
        return isUpdate
          ? `unblock diagnose: ${where}, by now: ${finding}\n`
          : `unblock diagnose: ${renderDiagnosis(diagnosis)}\n`;
      })
      .join("");
  }
}
