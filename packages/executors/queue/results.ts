import { Failure } from "@unblock/errors/failure";
import type { Queue, QueueEvents } from "bullmq";

/** Interval between lookups of jobs that callers wait for, because an event may have been lost. */
const lookUpMs = 2_500;
/** Silence of Redis after which waiting callers get an error. */
const silenceMs = 10_000;

interface Waiting extends PromiseWithResolvers<unknown> {
  readonly sinceMs: number;
  callers: number;
  isLookedUp: boolean;
}

/**
 * Callers that wait for results of jobs. Results come as events, on one connection. Redis drops the
 * oldest events, and all of them when it restarts without its file, so jobs that take long are
 * looked up too.
 *
 * BullMQ's `waitUntilFinished` is not used because it leaks listeners when a caller stops waiting.
 */
export class JobResults {
  readonly #waiting = new Map<string, Waiting>();
  readonly #queue: Queue;
  readonly #timer: NodeJS.Timeout;
  #lastReplyMs = Number.NEGATIVE_INFINITY;

  constructor(events: QueueEvents, queue: Queue) {
    this.#queue = queue;
    events.on("completed", ({ jobId, returnvalue }) => this.#take(jobId)?.resolve(returnvalue));
    events.on("failed", ({ jobId }) => this.#fail(jobId));
    this.#timer = setInterval(() => this.#lookUpAll(), lookUpMs).unref();
  }

  /**
   * Starts to wait for a job. Call it before adding the job, so that the result can't be missed.
   */
  wait(id: string): { readonly result: Promise<unknown>; leave(): void } {
    const waiting = this.#waiting.getOrInsertComputed(id, () => ({
      ...Promise.withResolvers<unknown>(),
      sinceMs: performance.now(),
      callers: 0,
      isLookedUp: false,
    }));
    // Without a listener, a late rejection would end the process.
    waiting.promise.catch(() => {});
    waiting.callers++;
    return {
      result: waiting.promise,
      leave: () => {
        waiting.callers--;
        // Others may wait for a job of the same key by now.
        if (waiting.callers === 0 && this.#waiting.get(id) === waiting) {
          this.#waiting.delete(id);
        }
      },
    };
  }

  /** Settles the result of a job that has ended or does not exist. */
  async #lookUp(id: string): Promise<void> {
    // The state first, without the job's data, which may be a picture.
    const state = await this.#queue.getJobState(id);
    this.#lastReplyMs = performance.now();
    if (state === "unknown") {
      this.#reject(id, new Failure("UNBLOCK_JOB_LOST", { job: id }));
    } else if (state === "failed") {
      this.#fail(id);
    } else if (state === "completed") {
      const job = await this.#queue.getJob(id);
      this.#take(id)?.resolve(job?.returnvalue);
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
      if (ageMs > silenceMs && nowMs - this.#lastReplyMs > silenceMs) {
        this.#reject(id, new Failure("UNBLOCK_JOB_UNHEARD", { silence_ms: silenceMs, job: id }));
      } else if (ageMs > lookUpMs && !waiting.isLookedUp) {
        // A younger job may not have been added yet. While Redis is away, lookups wait for it.
        waiting.isLookedUp = true;
        this.#lookUp(id)
          .catch(() => {})
          .finally(() => {
            waiting.isLookedUp = false;
          });
      }
    }
  }

  // The reason may be internal; the list of failed jobs has it.
  #fail(id: string): void {
    this.#reject(id, new Failure("UNBLOCK_JOB_FAILED", { job: id }));
  }

  #reject(id: string, failure: Failure): void {
    this.#take(id)?.reject(failure);
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
