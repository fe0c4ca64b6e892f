import { globSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Kept {
  /** Creation time: the course never writes to a file, but replaces it. */
  readonly bornNs: bigint;
  readonly text: string;
}

/** Concurrent checks, any of whose files may have written, and the files before the first of them. */
interface Running {
  checks: number;
  readonly before: ReadonlyMap<string, Kept>;
}

/** By folder. What one check finds changed by another's file must not be what it puts back. */
const runningIn = new Map<string, Running>();

/** The course's progress files, which the learner's code must not change. */
export class KeptFiles {
  readonly #folder: string;
  readonly #running: Running;

  /** @param folder its JSON files are remembered as they were before the first of concurrent checks */
  constructor(folder: string) {
    this.#folder = folder;
    this.#running = runningIn.get(folder) ?? { checks: 0, before: readAll(folder) };
    this.#running.checks++;
    runningIn.set(folder, this.#running);
  }

  /**
   * Restores what the learner's code has changed: files that were written to, and replaced or new files
   * that the code names. While other checks run, the code has to name either.
   *
   * @param source the learner's code
   * @returns the names of those files
   */
  restore(source: string): readonly string[] {
    const { before: all, checks } = this.#running;
    const isAlone = checks === 1;
    const changed = [...readAll(this.#folder)].filter(([name, now]) => {
      const before = all.get(name);
      const isWrittenTo = before?.bornNs === now.bornNs && before.text !== now.text;
      const isReplaced = before?.bornNs !== now.bornNs;
      return (isWrittenTo && isAlone) || ((isWrittenTo || isReplaced) && source.includes(name));
    });
    for (const [name] of changed) {
      const text = all.get(name)?.text;
      const path = join(this.#folder, name);
      if (text === undefined) {
        rmSync(path, { force: true });
      } else {
        writeFileSync(path, text);
      }
    }
    this.#running.checks--;
    if (isAlone) {
      runningIn.delete(this.#folder);
    }
    return changed.map(([name]) => name);
  }
}

function readAll(folder: string): ReadonlyMap<string, Kept> {
  return new Map(globSync("*.json", { cwd: folder }).flatMap((name) => readKept(folder, name)));
}

/** Returns nothing for a file that has just been removed. */
function readKept(folder: string, name: string): readonly (readonly [string, Kept])[] {
  try {
    const path = join(folder, name);
    const { birthtimeNs } = statSync(path, { bigint: true });
    return [[name, { bornNs: birthtimeNs, text: readFileSync(path, "utf8") }]];
  } catch {
    return [];
  }
}
