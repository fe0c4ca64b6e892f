import {
  type CodeLine,
  type Diagnosis,
  type DiagnosisWatch,
  inWords,
  rounded,
  times,
} from "./diagnosis.ts";
import { configuredThreads, lateMs, poolThreadIds, probeCell } from "./libuv-probes.ts";
import { PoolCallers } from "./pool-callers.ts";

/** How long probes waited for a thread of libuv's pool since the window began. */
export interface PoolReading {
  readonly maxWaitMs: number;
  /** Count of the probes that waited for 50 ms or more. */
  readonly lateCalls: number;
  /** Sum of the times that they waited. */
  readonly lateMs: number;
  /** Count of the pool's threads. */
  readonly threads: number;
}

/** A probe that waits for longer does not only lack a core, in milliseconds. */
const stuckMs = 1_000;
/** Shorter waits are not reported, in milliseconds in all. */
const minMs = 150;

/** Reads the results of the probes that the watch thread sends to libuv's pool. */
export class LibuvPoolWatch {
  readonly data = new Int32Array(new SharedArrayBuffer(16));

  /** Whether calls wait right now. */
  isLate(): boolean {
    return this.#read(probeCell.waitingMs) >= lateMs;
  }

  read(): PoolReading {
    const waitingMs = this.#read(probeCell.waitingMs);
    // A call in progress may never return.
    const stuckForMs = waitingMs >= stuckMs ? waitingMs : 0;
    return {
      maxWaitMs: Math.max(this.#read(probeCell.maxMs), stuckForMs),
      lateCalls: this.#read(probeCell.lateCount),
      lateMs: this.#read(probeCell.lateMs) + stuckForMs,
      // The variable may have been set after the pool had started.
      threads: poolThreadIds().length || configuredThreads(),
    };
  }

  restartWindow(): void {
    for (const cell of [probeCell.maxMs, probeCell.lateCount, probeCell.lateMs]) {
      Atomics.store(this.data, cell, 0);
    }
  }

  #read(cell: number): number {
    return Atomics.load(this.data, cell);
  }
}

/** Finds that libuv's pool is full, and which line fills it. */
export class SaturatedPoolWatch extends LibuvPoolWatch implements DiagnosisWatch {
  /** Threads that take the cores from each other leave none for libuv's. */
  readonly explainedBy = ["more-threads-than-cores"] as const;
  readonly #callers = new PoolCallers();

  round(): void {
    if (this.isLate()) {
      this.#callers.listen();
    }
  }

  diagnoses(): Diagnosis[] {
    return diagnoseSaturatedPool(this.read(), this.#callers.line());
  }

  stop(): void {
    this.#callers.close();
  }
}

/** @param line the line that hands the pool most of its work; undefined if none was seen */
export function diagnoseSaturatedPool(
  { lateCalls, lateMs, maxWaitMs, threads }: PoolReading,
  line: CodeLine | undefined,
): Diagnosis[] {
  if (lateMs < minMs) {
    return [];
  }
  return [
    {
      name: "libuv-pool-saturated",
      finding: `More was handed to libuv's pool than its ${threads} threads could do: a call with nothing to do waited there for up to ${inWords(maxWaitMs)}, and ${times(lateCalls)} for 50 ms or more. So does every file access, name lookup, hash and compression.`,
      line,
      nextStep:
        "If that work computes, hand the pool less of it at once; if it waits, give the pool more threads with UV_THREADPOOL_SIZE.",
      readOn: "libuvs-pool",
      numbers: {
        pool_threads: threads,
        longest_wait_ms: rounded(maxWaitMs),
        late_calls: lateCalls,
        late_ms: rounded(lateMs),
      },
    },
  ];
}
