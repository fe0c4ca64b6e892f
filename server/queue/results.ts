import type { Queue, QueueEvents } from "bullmq";
import { Failure } from "../errors.ts";

/** How often jobs that are waited for are looked up, in milliseconds: an event may have been lost. */
const lookUpMs = 2_500;
/** Those who wait for a job are told when Redis has said nothing for so long, in milliseconds. */
const silenceMs = 10_000;

/** Nobody knows what becomes of a job. */
export class NothingHeard extends Failure<"UNBLOCK_JOB_UNHEARD"> {
  constructor(id: string) {
    super("UNBLOCK_JOB_UNHEARD", { silence_ms: silenceMs, job: id });
  }
}

type Waiter = PromiseWithResolvers<unknown>;

interface Waiting {
  readonly sinceMs: number;
  readonly waiters: Set<Waiter>;
  isLookedUp: boolean;
}

/**
 * Those who wait for the results of jobs. Results come as events, on one connection for all; as Redis
 * forgets the oldest events, and everything when it is restarted without its file, jobs that take long
 * are looked up as well.
 *
 * Not with BullMQ's own `waitUntilFinished`: who gives up leaves its listeners behind there.
 */
export class JobResults {
  readonly #waiting = new Map<string, Waiting>();
  readonly #queue: Queue;
  readonly #timer: NodeJS.Timeout;
  #answeredMs = Number.NEGATIVE_INFINITY;

  constructor(events: QueueEvents, queue: Queue) {
    this.#queue = queue;
    events.on("completed", ({ jobId, returnvalue }) => this.#complete(jobId, returnvalue));
    events.on("failed", ({ jobId }) => this.#fail(jobId));
    this.#timer = setInterval(() => this.#lookUpAll(), lookUpMs).unref();
  }

  /** Begins to wait for a job; before it is added, or its result may come too early. */
  wait(id: string): { readonly result: Promise<unknown>; leave(): void } {
    const waiter = Promise.withResolvers<unknown>();
    // Whoever leaves early does not ask for it any more.
    waiter.promise.catch(() => {});
    const waiting = this.#waiting.get(id) ?? {
      sinceMs: performance.now(),
      waiters: new Set(),
      isLookedUp: false,
    };
    waiting.waiters.add(waiter);
    this.#waiting.set(id, waiting);
    return {
      result: waiter.promise,
      leave: () => {
        waiting.waiters.delete(waiter);
        // Others may wait for a job of the same key by now.
        if (waiting.waiters.size === 0 && this.#waiting.get(id) === waiting) {
          this.#waiting.delete(id);
        }
      },
    };
  }

  /** Tells those who wait for the job, if it has ended or is not there. */
  async lookUp(id: string): Promise<void> {
    // First without what belongs to the job, which may be a picture.
    const state = await this.#queue.getJobState(id);
    this.#answeredMs = performance.now();
    if (state === "unknown") {
      this.#reject(id, new Failure("UNBLOCK_JOB_LOST", { job: id }));
    } else if (state === "failed") {
      this.#fail(id);
    } else if (state === "completed") {
      this.#complete(id, (await this.#queue.getJob(id))?.returnvalue);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const id of this.#waiting.keys()) {
      this.#reject(id, new Failure("UNBLOCK_JOB_OUTLIVES_SERVER", { job: id }));
    }
  }

  #lookUpAll(): void {
    const nowMs = performance.now();
    for (const [id, waiting] of this.#waiting) {
      const ageMs = nowMs - waiting.sinceMs;
      if (ageMs > silenceMs && nowMs - this.#answeredMs > silenceMs) {
        this.#reject(id, new NothingHeard(id));
      } else if (ageMs > lookUpMs && !waiting.isLookedUp) {
        // A younger one may not have been added yet. While Redis is away the look-ups wait for it.
        waiting.isLookedUp = true;
        this.lookUp(id)
          .catch(() => {})
          .finally(() => {
            waiting.isLookedUp = false;
          });
      }
    }
  }

  #complete(id: string, value: unknown): void {
    this.#settle(id, ({ resolve }) => resolve(value));
  }

  // The reason may be the service's own business; the list has it.
  #fail(id: string): void {
    this.#reject(id, new Failure("UNBLOCK_JOB_FAILED", { job: id }));
  }

  #reject(id: string, failure: Failure): void {
    this.#settle(id, ({ reject }) => reject(failure));
  }

  #settle(id: string, settle: (waiter: Waiter) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    for (const waiter of waiting?.waiters ?? []) {
      settle(waiter);
    }
  }
}
