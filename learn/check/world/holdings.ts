import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { Holding } from "../../service/holdings.ts";

/** What the toolbox noted of a kind of work that holds its thread. */
export interface HoldingCounts {
  readonly calls: number;
  /** The most at once. */
  readonly mostInProgress: number;
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

/** Reads what the toolbox notes (learn/service/holdings.ts). */
export class Holdings {
  readonly #path: string;
  #from = 0;

  /** @param path of a file that is there */
  constructor(path: string) {
    this.#path = path;
  }

  /** Begins a window anew: what was noted until now no longer counts. */
  restart(): void {
    this.#from = statSync(this.#path).size;
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
    const length = statSync(this.#path).size - this.#from;
    const bytes = Buffer.alloc(Math.max(0, length));
    const file = openSync(this.#path, "r");
    readSync(file, bytes, 0, bytes.length, this.#from);
    closeSync(file);
    return bytes.toString().split("\n").flatMap(toNote);
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
  let mostInProgress = 0;
  for (const { isBegin } of notes) {
    // One that ends may have begun before the window did.
    inProgress = Math.max(0, inProgress + (isBegin ? 1 : -1));
    mostInProgress = Math.max(mostInProgress, inProgress);
  }
  const others = begun.filter(({ thread }) => thread !== loop);
  return {
    calls: begun.length,
    mostInProgress,
    onLoop: begun.length - others.length,
    otherThreads: new Set(others.map(({ thread }) => thread)).size,
    otherProcesses: new Set(others.filter((one) => one.pid !== pid).map((one) => one.pid)).size,
    begunMs: begun.map(({ atMs }) => atMs),
  };
}
