import { sharedSlot, windowSlots } from "@unblock/executors/executor";

export interface CallCounts {
  readonly calls: number;
  readonly inProgress: number;
  /** Max calls in progress at once since the window started. */
  readonly maxInProgress: number;
}

const callsIndex = 0;
const inProgressIndex = 1;
const beforeIndex = 2;
/** Max calls in progress in each window, by slot. */
const maxIndex = beforeIndex + windowSlots;
const cells = maxIndex + windowSlots;

/**
 * Counts a backend's calls in shared memory, so that threads that call it independently count
 * together.
 */
export class CallCounter {
  readonly #cells: Int32Array;

  /** @param buffer from {@link CallCounter.buffer}, shared by everyone who counts together */
  constructor(buffer: SharedArrayBuffer = CallCounter.buffer()) {
    this.#cells = new Int32Array(buffer, 0, cells);
  }

  static buffer(): SharedArrayBuffer {
    return new SharedArrayBuffer(cells * Int32Array.BYTES_PER_ELEMENT);
  }

  begin(): void {
    Atomics.add(this.#cells, callsIndex, 1);
    const inProgress = Atomics.add(this.#cells, inProgressIndex, 1) + 1;
    for (let index = maxIndex; index < cells; index++) {
      let most = Atomics.load(this.#cells, index);
      while (inProgress > most) {
        most = Atomics.compareExchange(this.#cells, index, most, inProgress);
      }
    }
  }

  end(): void {
    Atomics.sub(this.#cells, inProgressIndex, 1);
  }

  /** @param slot slot of the window. Default: the shared window's */
  counts(slot = sharedSlot): CallCounts {
    return {
      calls: Atomics.load(this.#cells, callsIndex) - Atomics.load(this.#cells, beforeIndex + slot),
      inProgress: Atomics.load(this.#cells, inProgressIndex),
      maxInProgress: Atomics.load(this.#cells, maxIndex + slot),
    };
  }

  /** @param slot slot of the window. Default: the shared window's */
  restartWindow(slot = sharedSlot): void {
    Atomics.store(this.#cells, beforeIndex + slot, Atomics.load(this.#cells, callsIndex));
    Atomics.store(this.#cells, maxIndex + slot, Atomics.load(this.#cells, inProgressIndex));
  }
}
