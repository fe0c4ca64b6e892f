import { lateMs } from "./canary.ts";
import { readPoolThreads } from "./pool-threads.ts";
import { type CanaryData, canaryCell } from "./watch-thread-data.ts";

/** How it went in libuv's pool since the window began. */
export interface PoolReading {
  /** The longest that a call which has nothing to do waited for a thread. */
  readonly longestWaitMs: number;
  /** How many of them waited for 50 ms or more, */
  readonly lateCalls: number;
  /** and for how long together. */
  readonly lateMs: number;
  /** The threads of the pool. */
  readonly threads: number;
}

/** What is out for so long does not only lack a core, in milliseconds. */
const stuckMs = 1_000;

/** Reads what the canaries of a watching thread tell, which gets `data` when it is started. */
export class LibuvPoolWatch {
  readonly data: CanaryData = { cells: new Int32Array(new SharedArrayBuffer(16)) };

  /** Whether calls wait right now. */
  isLate(): boolean {
    return Atomics.load(this.data.cells, canaryCell.waitingMs) >= lateMs;
  }

  read(): PoolReading {
    const cell = (index: number) => Atomics.load(this.data.cells, index);
    const waitingMs = cell(canaryCell.waitingMs);
    return {
      // A call that is still out may never come back.
      longestWaitMs: Math.max(cell(canaryCell.longestMs), waitingMs >= stuckMs ? waitingMs : 0),
      lateCalls: cell(canaryCell.late),
      lateMs: cell(canaryCell.lateMs),
      // The variable may have been set when it was too late.
      threads: readPoolThreads().all.size || poolThreads(),
    };
  }

  restartWindow(): void {
    for (const index of [canaryCell.longestMs, canaryCell.late, canaryCell.lateMs]) {
      Atomics.store(this.data.cells, index, 0);
    }
  }
}

/** As libuv reads it: 4 unless said otherwise, 1 to 1024. */
function poolThreads(): number {
  const wanted = process.env.UV_THREADPOOL_SIZE;
  return wanted === undefined ? 4 : Math.min(1_024, Math.max(1, Number.parseInt(wanted, 10) || 0));
}

/** How many of the pool's threads may look up names, as libuv counts it. */
export function lookupThreads(threads = poolThreads()): number {
  return Math.floor((threads + 1) / 2);
}
