import { readFileSync, writeFileSync } from "node:fs";
import type { Holding } from "../../service/blocking-calls.ts";
import { tampering } from "../faults.ts";

/** What the toolbox noted of a kind of work that holds its thread. */
export interface HoldingCounts {
  readonly calls: number;
  /** The most at once. */
  readonly maxInProgress: number;
  /** Calls made on the service's event loop. */
  readonly onLoop: number;
  /** How many other threads, of whichever process, made calls. */
  readonly otherThreads: number;
  /** How many other processes made calls. */
  readonly otherProcesses: number;
  /** When each began, on the clock of monotonicMs, in that order. */
  readonly begunMs: readonly number[];
}

/** Waiting has queries in it. */
export type Usage = Readonly<Record<"waiting" | "computing" | "query", HoldingCounts>>;

interface Note {
  readonly isBegin: boolean;
  readonly holding: Holding;
  readonly thread: string;
  readonly pid: number;
  readonly atMs: number;
}

/** How the file begins, until somebody cuts it off. */
const heading = "What holds a thread\n";

/** How it is noted that the learner's code reaches into the check, in whichever thread or process. */
const tamperingNote = /^tampering (null|\d+) (.+)$/;

/** Reads what the toolbox notes (learn/service/holdings.ts). */
export class Holdings {
  readonly #path: string;
  #from = 0;

  /** Makes the file. */
  constructor(path: string) {
    this.#path = path;
    writeFileSync(path, heading);
  }

  /**
   * Begins a window anew: what was noted until now no longer counts.
   *
   * @throws LearnerFault when somebody else than the toolbox wrote into the file
   */
  restart(): void {
    this.throwTampering();
    this.#from = this.#read().length;
  }

  /** @throws LearnerFault when the learner's code reached into the check since the window began */
  throwTampering(): void {
    this.#notes();
  }

  /** @param pid the service's */
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
    const lines = this.#read().subarray(this.#from).toString().split("\n");
    const [, line, text] = lines.map((one) => tamperingNote.exec(one)).find((one) => one) ?? [];
    if (text !== undefined) {
      throw tampering(text, line === "null" ? null : Number(line));
    }
    return lines.flatMap(toNote);
  }

  #read(): Buffer {
    const bytes = readFileSync(this.#path);
    if (
      bytes.length < this.#from ||
      !bytes.toString("utf8", 0, heading.length).startsWith(heading)
    ) {
      throw tampering("cut off what the check notes of blocking calls");
    }
    return bytes;
  }
}

function toNote(line: string): readonly Note[] {
  const [what, holding, pid, thread, atMs] = line.split(" ");
  if (holding !== "waiting" && holding !== "computing" && holding !== "query") {
    return [];
  }
  return [
    {
      isBegin: what === "begin",
      holding,
      thread: `${pid} ${thread}`,
      pid: Number(pid),
      atMs: Number(atMs),
    },
  ];
}

function countsOf(notes: readonly Note[], pid: number): HoldingCounts {
  const loop = `${pid} 0`;
  const begun = notes.filter(({ isBegin }) => isBegin);
  let inProgress = 0;
  let maxInProgress = 0;
  for (const { isBegin } of notes) {
    // One that ends may have begun before the window did.
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
