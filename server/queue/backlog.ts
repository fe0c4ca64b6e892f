import { Failure } from "../errors.ts";

/** How old the count may be before it is asked for again, in milliseconds: others add jobs, too. */
const freshMs = 250;

/**
 * Keeps a queue bounded without asking Redis for its length at every job: what was counted last, and
 * what was added since. Workers only make it shorter, so one server never goes over the bound; with
 * several, each may by what the others add in a quarter of a second.
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
    // Until it has been counted once, it is taken for full.
    this.#estimate = max;
  }

  /** Takes a place for one job. Throws a Failure "overloaded" when there is none. */
  async enter(): Promise<void> {
    if (this.#estimate >= this.#max) {
      await this.#recount();
    } else if (performance.now() - this.#countedMs > freshMs) {
      // Its failure is the failure of the next command as well.
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
    // Some of what was added meanwhile may be counted already: rather too many than too few.
    this.#estimate = counted + this.#addedWhileCounting;
    this.#countedMs = performance.now();
  }
}
