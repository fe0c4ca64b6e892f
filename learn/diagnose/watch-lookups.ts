import { lateMs } from "./canary.ts";
import type { CodeLine } from "./diagnosis.ts";
import { PoolCallers } from "./pool-callers.ts";
import type { OwnCode } from "./stack.ts";
import { lookupThreads } from "./watch-libuv-pool.ts";
import { type LookupData, lookupCell } from "./watch-thread-data.ts";

/** How look-ups of names went in libuv's pool. */
export interface LookupReading {
  /** How long the one that waited longest did until it had a thread, in milliseconds. */
  readonly longestWaitMs: number;
  /** How long all probes that waited did together. */
  readonly totalWaitMs: number;
  /** The most look-ups of the main thread that were under way at once. */
  readonly mostAtOnce: number;
  /** Whether worker threads may have asked for more: only the main thread's are counted. */
  readonly hasWorkers: boolean;
  /** How many libuv runs at once. */
  readonly threads: number;
  /** The line that asks for most of them, if it was seen. */
  readonly line: CodeLine | undefined;
  /** Names that were looked up, the most frequent first. */
  readonly names: readonly string[];
}

/** What is out for so long does not only lack a core, in milliseconds. */
const stuckMs = 1_000;
const lookupTypes = /^GET(ADDR|NAME)INFOREQWRAP$/;
const lookupResources = /^Get(Addr|Name)InfoReqWrap$/;

/** Sees that look-ups of names wait for each other, by what a watching thread reports, which gets `data`. */
export class LookupWatch {
  readonly data: LookupData = { cells: new Int32Array(new SharedArrayBuffer(12)) };
  readonly #callers: PoolCallers;
  #mostAtOnce = 0;

  constructor(isOwn: OwnCode) {
    this.#callers = new PoolCallers(isOwn, lookupTypes);
  }

  /** To be called now and then. Looks closer only while look-ups wait. */
  round(): void {
    if (this.#cell(lookupCell.waitingMs) >= lateMs) {
      const active = process.getActiveResourcesInfo().filter((type) => lookupResources.test(type));
      this.#mostAtOnce = Math.max(this.#mostAtOnce, active.length);
      this.#callers.listen();
    }
  }

  read(hasWorkers: boolean): LookupReading {
    const waitingMs = this.#cell(lookupCell.waitingMs);
    const stillMs = waitingMs >= stuckMs ? waitingMs : 0;
    return {
      longestWaitMs: Math.max(this.#cell(lookupCell.longestMs), stillMs),
      totalWaitMs: this.#cell(lookupCell.totalMs) + stillMs,
      mostAtOnce: this.#mostAtOnce,
      hasWorkers,
      threads: lookupThreads(),
      line: this.#callers.line(),
      names: this.#callers.names(),
    };
  }

  close(): void {
    this.#callers.close();
  }

  #cell(index: number): number {
    return Atomics.load(this.data.cells, index);
  }
}
