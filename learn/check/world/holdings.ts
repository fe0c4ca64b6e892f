import { readFileSync, writeFileSync } from "node:fs";
import type { Holding } from "../../service/blocking-calls.ts";
import { tampering } from "../faults.ts";

/** Calls of one kind that block their threads. */
export interface HoldingCounts {
  readonly calls: number;
  readonly maxInProgress: number;
  /** Calls on the service's event loop. */
  readonly onLoop: number;
  /** Other threads that made calls, of any process. */
  readonly otherThreads: number;
  /** Other processes that made calls. */
  readonly otherProcesses: number;
  /** Start of each, in order, on the clock of monotonicMs. */
  readonly begunMs: readonly number[];
}

/** "waiting" includes queries. */
export type Usage = Readonly<Record<Holding, HoldingCounts>>;

interface Note {
  readonly isBegin: boolean;
  readonly holding: Holding;
  readonly thread: string;
  readonly pid: number;
  readonly atMs: number;
}

/** Beginning of the file, unless somebody truncated it. */
const heading = "What holds a thread\n";
/** Note of a thread or process of the learner's code that manipulates the check. */
const tamperingNote = /^tampering (null|\d+) (.+)$/m;

/** Reads the notes of learn/service/blocking-calls.ts, in windows. */
export class Holdings {
  readonly #path: string;
  #from = 0;

  /** Creates the file. */
  constructor(path: string) {
    this.#path = path;
    writeFileSync(path, heading);
  }

  /**
   * Begins a new window.
   *
   * @throws LearnerFault as {@link throwTampering}
   */
  restart(): void {
    this.throwTampering();
    this.#from = this.#read().length;
  }

  /** @throws LearnerFault when the learner's code has manipulated the check since the window began */
  throwTampering(): void {
    this.#notes();
  }

  /** @param pid of the service */
  usage(pid: number): Usage {
    const notes = this.#notes();
    const of = (...holdings: readonly Holding[]) =>
      countsOf(
        notes.filter(({ holding }) => holdings.includes(holding)),
        pid,
      );
    return { waiting: of("waiting", "query"), computing: of("computing"), query: of("query") };
  }

  #notes(): readonly Note[] {
    const bytes = this.#read();
    const text = bytes.subarray(this.#from).toString();
    const [, line, report] = tamperingNote.exec(text) ?? [];
    if (report !== undefined) {
      // Each is reported once.
      this.#from = bytes.length;
      throw tampering(report, line === "null" ? null : Number(line));
    }
    return text.split("\n").flatMap(toNote);
  }

  #read(): Buffer {
    const bytes = readFileSync(this.#path);
    const hasHeading = bytes.toString("utf8", 0, heading.length) === heading;
    if (bytes.length < this.#from || !hasHeading) {
      throw tampering("cut off what the check notes of blocking calls");
    }
    return bytes;
  }
}

function toNote(line: string): readonly Note[] {
  const [what, holding, pid, thread, atMs] = line.split(" ");
  return holding === "waiting" || holding === "computing" || holding === "query"
    ? [
        {
          isBegin: what === "begin",
          holding,
          thread: `${pid} ${thread}`,
          pid: Number(pid),
          atMs: Number(atMs),
        },
      ]
    : [];
}

function countsOf(notes: readonly Note[], pid: number): HoldingCounts {
  const loop = `${pid} 0`;
  const begun = notes.filter(({ isBegin }) => isBegin);
  let inProgress = 0;
  let maxInProgress = 0;
  for (const { isBegin } of notes) {
    // A call that ends may have begun before the window.
    inProgress = Math.max(0, inProgress + (isBegin ? 1 : -1));
    maxInProgress = Math.max(maxInProgress, inProgress);
  }
  const others = begun.filter(({ thread }) => thread !== loop);
  return {
    calls: begun.length,
    maxInProgress,
    onLoop: begun.length - others.length,
    otherThreads: new Set(others.map(({ thread }) => thread)).size,
    otherProcesses: new Set(others.filter((one) => one.pid !== pid).map((one) => one.pid)).size,
    begunMs: begun.map(({ atMs }) => atMs),
  };
}
