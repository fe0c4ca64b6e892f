import { Failure } from "@unblock/errors/failure";

/** Max age of the count, because other servers add jobs too. */
const freshMs = 250;

/**
 * Bounds a queue without asking Redis for its length per job: adds what was added since to the last
 * count. Workers only make the queue shorter, so a single server never exceeds the bound; with
 * several, each may exceed it by what the others add in a quarter of a second.
 */
export class Backlog {
  readonly #count: () => Promise<number>;
  readonly #max: number;
  #estimate: number;
  #countedMs = Number.NEGATIVE_INFINITY;
  #addedWhileCounting = 0;
  #counting: Promise<void> | undefined;

  constructor(count: () => Promise<number>, max: number) {
    this.#count = count;
    this.#max = max;
    // Counts as full until the first count.
    this.#estimate = max;
  }

  /**
   * Reserves a slot for one job.
   *
   * @throws Failure "overloaded" when there is none
   */
  async enter(): Promise<void> {
    if (this.#estimate >= this.#max) {
      await this.#recount();
    } else if (performance.now() - this.#countedMs > freshMs) {
      // The next command reports the same failure.
      this.#recount().catch(() => {});
    }
    if (this.#estimate >= this.#max) {
      throw new Failure("UNBLOCK_JOB_QUEUE_FULL", { waiting: this.#estimate });
    }
    this.#estimate++;
    this.#addedWhileCounting++;
  }

  #recount(): Promise<void> {
    this.#counting ??= this.#countOnce().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  async #countOnce(): Promise<void> {
    this.#addedWhileCounting = 0;
    const counted = await this.#count();
    // Some jobs may have been counted twice: too many is safer than too few.
    this.#estimate = counted + this.#addedWhileCounting;
    this.#countedMs = performance.now();
  }
}
