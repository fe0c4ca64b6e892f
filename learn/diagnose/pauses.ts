import { type PauseData, pauseCell, pauseSpans } from "./watch-thread-data.ts";

/** How often the whole process was stopped from outside, and for how long. */
export interface PauseReading {
  readonly count: number;
  readonly totalMs: number;
  readonly longestMs: number;
}

/** Longest wait for the watching thread, which is late itself after a pause, in milliseconds. */
const maxWaitMs = 200;

/** Reads what a watching thread notes of pauses, which gets `data` when it is started. */
export class Pauses {
  readonly data: PauseData;

  /** @param data of another thread, which is told the same; new if undefined */
  constructor(data?: PauseData) {
    this.data = data ?? {
      cells: new Int32Array(new SharedArrayBuffer(8)),
      times: new Float64Array(new SharedArrayBuffer(8 * (3 + 2 * pauseSpans))),
    };
  }

  /** Pauses until then are known, on the monotonic clock. */
  get knownUntilMs(): number {
    const [lookedMs = 0] = this.data.times;
    // None looks on other systems than Linux, or yet.
    return lookedMs === 0 ? Number.POSITIVE_INFINITY : lookedMs;
  }

  /** Blocks until the watching thread has looked once more. Does nothing where none looks. */
  wait(): void {
    const { cells } = this.data;
    const looks = Atomics.load(cells, pauseCell.looks);
    if (looks > 0) {
      Atomics.wait(cells, pauseCell.looks, looks, maxWaitMs);
    }
  }

  /** For how long the process was paused in that time, on the monotonic clock. */
  msBetween(beganMs: number, endedMs: number): number {
    const { cells, times } = this.data;
    const count = Math.min(Atomics.load(cells, pauseCell.count), pauseSpans);
    let ms = 0;
    for (let index = 0; index < count; index++) {
      const [from = 0, to = 0] = times.subarray(3 + 2 * index, 5 + 2 * index);
      ms += Math.max(0, Math.min(to, endedMs) - Math.max(from, beganMs));
    }
    return ms;
  }

  read(): PauseReading {
    const { cells, times } = this.data;
    const [, totalMs = 0, longestMs = 0] = times;
    return { count: Atomics.load(cells, pauseCell.count), totalMs, longestMs };
  }
}
