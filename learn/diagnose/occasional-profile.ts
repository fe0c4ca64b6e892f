import { getHeapStatistics } from "node:v8";
import { monotonicMs } from "../../registry/clock.ts";
import { ProfileWitness } from "./profile-witness.ts";
import type { OwnCode } from "./stack.ts";
import type { Evidence, Witness } from "./witness.ts";

const sampleMs = 10;
/** For so long in all something was not seen before it is looked for, in milliseconds. */
const enoughMs = 100;
/** How long a profile runs, in milliseconds: what blocks in a service comes again soon. */
const runMs = 10_000;
/** The time from one to the next, in milliseconds. */
const restMs = 60_000;
/** V8 walks through the heap when it begins, which takes some 3 ms per megabyte. */
const beginMsPerByte = 3e-6;
/** How much longer something has to block than that takes. */
const worthIt = 3;

const nothing: Evidence = { heldBetween: () => undefined, afterNativeCode: () => undefined };

/** Has a profile when something blocks that nobody else sees, and none as long as all is well. */
export class OccasionalProfile implements Witness {
  readonly #isOwn: OwnCode;
  #running: ProfileWitness | undefined;
  #timer: NodeJS.Timeout | undefined;
  #missedMs = 0;
  #nextMs = 0;

  constructor(isOwn: OwnCode) {
    this.#isOwn = isOwn;
  }

  /**
   * Something blocked for so long and was not seen, and may come again.
   *
   * @returns whether a profile has begun, which itself holds the loop for a moment
   */
  missed(ms: number): boolean {
    this.#missedMs += ms;
    const isDue =
      this.#missedMs >= enoughMs && this.#running === undefined && monotonicMs() >= this.#nextMs;
    if (!isDue || this.#missedMs < worthIt * beginMsPerByte * getHeapStatistics().used_heap_size) {
      return false;
    }
    this.#missedMs = 0;
    this.#running = new ProfileWitness(this.#isOwn, sampleMs);
    this.#timer = setTimeout(() => this.close(), runMs).unref();
    this.#nextMs = monotonicMs() + restMs;
    return true;
  }

  onTurn(): void {}

  take(): Evidence {
    return this.#running?.take() ?? nothing;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#running?.close();
    this.#running = undefined;
  }
}
