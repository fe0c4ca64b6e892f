import { threadId } from "node:worker_threads";
import { CallCounter, type CallCounts, counterBytes } from "../../server/backends/call-counts.ts";
import { environment } from "./environment.ts";
import { type Holding, holdingBytes, holdings, threadCells } from "./usage-memory.ts";

/** Which threads were held, and how many at once. */
export interface HoldingCounts extends CallCounts {
  /** Calls made on the service's main thread, its event loop. */
  readonly onLoop: number;
  /** How many other threads made calls. */
  readonly otherThreads: number;
}

export type UsageCounts = Readonly<Record<Holding, HoldingCounts>>;

/** Counts in memory that all threads share, as the threads themselves can't tell when they are held. */
class HoldingUsage {
  readonly #counter: CallCounter;
  readonly #byThread: Int32Array;

  constructor(buffer: SharedArrayBuffer, holding: Holding) {
    const offset = holdings.indexOf(holding) * holdingBytes;
    this.#counter = new CallCounter(buffer, offset);
    this.#byThread = new Int32Array(buffer, offset + counterBytes, threadCells);
  }

  during<Result>(work: () => Result): Result {
    Atomics.add(this.#byThread, threadId % threadCells, 1);
    this.#counter.begin();
    try {
      return work();
    } finally {
      this.#counter.end();
    }
  }

  counts(): HoldingCounts {
    const [onLoop = 0, ...others] = this.#byThread;
    const otherThreads = others.filter((calls) => calls > 0).length;
    return { ...this.#counter.counts(), onLoop, otherThreads };
  }

  restart(): void {
    this.#counter.restartWindow();
    this.#byThread.fill(0);
  }
}

/** Does work that holds the calling thread, and counts it. */
export function holdThread<Result>(holding: Holding, work: () => Result): Result {
  return new HoldingUsage(environment().usage, holding).during(work);
}

/** Since the last time that it was asked to begin anew. */
export function readUsage(): UsageCounts {
  const { usage } = environment();
  return {
    waiting: new HoldingUsage(usage, "waiting").counts(),
    computing: new HoldingUsage(usage, "computing").counts(),
  };
}

export function restartUsage(): void {
  for (const holding of holdings) {
    new HoldingUsage(environment().usage, holding).restart();
  }
}
