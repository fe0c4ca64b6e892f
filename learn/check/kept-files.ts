import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Kept {
  /** Creation time: the course never writes to a file, but replaces it. */
  readonly bornNs: bigint;
  readonly text: string;
}

/** Concurrent checks: any of their files may have written. */
let running = 0;

/** The course's progress files, which the learner's code must not change. */
export class KeptFiles {
  readonly #folder: string;
  readonly #before: ReadonlyMap<string, Kept>;

  /** @param folder its JSON files are remembered as they are now */
  constructor(folder: string) {
    running++;
    this.#folder = folder;
    this.#before = this.#read();
  }

  /**
   * Restores what the learner's code has changed: files that were written to, and replaced or new files
   * that the code names. While other checks run, the code has to name either.
   *
   * @param source the learner's code
   * @returns the names of those files
   */
  restore(source: string): readonly string[] {
    const isAlone = running === 1;
    running--;
    const changed = [...this.#read()].filter(([name, now]) => {
      const before = this.#before.get(name);
      const isWrittenTo = before?.bornNs === now.bornNs && before.text !== now.text;
      const isReplaced = before?.bornNs !== now.bornNs;
      return (isWrittenTo && isAlone) || ((isWrittenTo || isReplaced) && source.includes(name));
    });
    for (const [name] of changed) {
      const text = this.#before.get(name)?.text;
      const path = join(this.#folder, name);
      if (text === undefined) {
        rmSync(path, { force: true });
      } else {
        writeFileSync(path, text);
      }
    }
    return changed.map(([name]) => name);
  }

  #read(): ReadonlyMap<string, Kept> {
    return new Map(namesIn(this.#folder).flatMap((name) => readKept(this.#folder, name)));
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
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
