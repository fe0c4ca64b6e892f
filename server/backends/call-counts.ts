/** What a backend counts. */
export interface CallCounts {
  /** Since the window began. */
  readonly calls: number;
  readonly inProgress: number;
  /** The most in progress at once since the window began. */
  readonly mostInProgress: number;
}

const callsIndex = 0;
const inProgressIndex = 1;
const mostIndex = 2;
const cells = 3;

/**
 * Counts a backend's calls in shared memory, so that threads that each call the backend on their own
 * (as the database's driver does) count together.
 */
export class CallCounter {
  readonly #cells: Int32Array;

  /**
   * @param buffer shared by those who count together, from {@link CallCounter.buffer}
   * @param byteOffset where in it the counts are; 0 by default
   */
  constructor(buffer: SharedArrayBuffer = CallCounter.buffer(), byteOffset = 0) {
    this.#cells = new Int32Array(buffer, byteOffset, cells);
  }

  static buffer(): SharedArrayBuffer {
    return new SharedArrayBuffer(cells * Int32Array.BYTES_PER_ELEMENT);
  }

  begin(): void {
    Atomics.add(this.#cells, callsIndex, 1);
    const inProgress = Atomics.add(this.#cells, inProgressIndex, 1) + 1;
    let most = Atomics.load(this.#cells, mostIndex);
    while (inProgress > most) {
      most = Atomics.compareExchange(this.#cells, mostIndex, most, inProgress);
    }
  }

  end(): void {
    Atomics.sub(this.#cells, inProgressIndex, 1);
  }

  counts(): CallCounts {
    return {
      calls: Atomics.load(this.#cells, callsIndex),
      inProgress: Atomics.load(this.#cells, inProgressIndex),
      mostInProgress: Atomics.load(this.#cells, mostIndex),
    };
  }

  restartWindow(): void {
    Atomics.store(this.#cells, callsIndex, 0);
    Atomics.store(this.#cells, mostIndex, Atomics.load(this.#cells, inProgressIndex));
  }
}
