import { sharedSlot, windowSlots } from "../places/place.ts";

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
/** Calls before each window began, by its slot. */
const beforeIndex = 2;
/** The most in progress in each window, by its slot. */
const mostIndex = beforeIndex + windowSlots;
const cells = mostIndex + windowSlots;

/** Memory of a {@link CallCounter}. */
const counterBytes = cells * Int32Array.BYTES_PER_ELEMENT;

/**
 * Counts a backend's calls in shared memory, so that threads that each call the backend on their own
 * (as the database's driver does) count together.
 */
export class CallCounter {
  readonly #cells: Int32Array;

  /**
   * @param buffer shared by those who count together, from {@link CallCounter.buffer}
   */
  constructor(buffer: SharedArrayBuffer = CallCounter.buffer()) {
    this.#cells = new Int32Array(buffer, 0, cells);
  }

  static buffer(): SharedArrayBuffer {
    return new SharedArrayBuffer(counterBytes);
  }

  begin(): void {
    Atomics.add(this.#cells, callsIndex, 1);
    const inProgress = Atomics.add(this.#cells, inProgressIndex, 1) + 1;
    for (let index = mostIndex; index < cells; index++) {
      let most = Atomics.load(this.#cells, index);
      while (inProgress > most) {
        most = Atomics.compareExchange(this.#cells, index, most, inProgress);
      }
    }
  }

  end(): void {
    Atomics.sub(this.#cells, inProgressIndex, 1);
  }

  /** @param slot the window's; by default all since the start, or since it was restarted */
  counts(slot = sharedSlot): CallCounts {
    return {
      calls: Atomics.load(this.#cells, callsIndex) - Atomics.load(this.#cells, beforeIndex + slot),
      inProgress: Atomics.load(this.#cells, inProgressIndex),
      mostInProgress: Atomics.load(this.#cells, mostIndex + slot),
    };
  }

  /** Begins a window anew. @param slot the window's */
  restartWindow(slot = sharedSlot): void {
    Atomics.store(this.#cells, beforeIndex + slot, Atomics.load(this.#cells, callsIndex));
    Atomics.store(this.#cells, mostIndex + slot, Atomics.load(this.#cells, inProgressIndex));
  }
}
