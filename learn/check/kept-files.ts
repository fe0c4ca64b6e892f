import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Kept {
  /** When the file was made, in nanoseconds: the course never changes one, it puts a new one in its place. */
  readonly bornNs: bigint;
  readonly text: string;
}

/** Checks that go on at once: any of their files may be the one that wrote. */
let goingOn = 0;

/** The files in which the course keeps how far a learner is. The learner's code has no business there. */
export class KeptFiles {
  readonly #folder: string;
  readonly #before: ReadonlyMap<string, Kept>;

  /** @param folder whose JSON files are kept as they are now */
  constructor(folder: string) {
    goingOn++;
    this.#folder = folder;
    this.#before = this.#read();
  }

  /**
   * Puts back what the learner's code has changed: a file that was written to, or one that is new and that
   * the code names. While other checks go on, the code has to name either.
   *
   * @param source the learner's code
   * @returns the names of those files
   */
  restore(source: string): readonly string[] {
    const isAlone = goingOn === 1;
    goingOn--;
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

/** Nothing of a file that is gone already. */
function readKept(folder: string, name: string): readonly (readonly [string, Kept])[] {
  try {
    const path = join(folder, name);
    const { birthtimeNs } = statSync(path, { bigint: true });
    return [[name, { bornNs: birthtimeNs, text: readFileSync(path, "utf8") }]];
  } catch {
    return [];
  }
}
