import type { Queue, QueueEvents } from "bullmq";
import { Failure } from "../errors.ts";

/** How often jobs that are waited for are looked up, in milliseconds: an event may have been lost. */
const lookUpMs = 2_500;

type Waiter = PromiseWithResolvers<unknown>;

interface Waiting {
  readonly sinceMs: number;
  readonly waiters: Set<Waiter>;
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

  constructor(events: QueueEvents, queue: Queue) {
    this.#queue = queue;
    events.on("completed", ({ jobId, returnvalue }) => this.#complete(jobId, returnvalue));
    events.on("failed", ({ jobId, failedReason }) => this.#fail(jobId, failedReason));
    this.#timer = setInterval(() => this.#lookUpAll(), lookUpMs).unref();
  }

  /** Begins to wait for a job; before it is added, or its result may come too early. */
  wait(id: string): { readonly result: Promise<unknown>; leave(): void } {
    const waiter = Promise.withResolvers<unknown>();
    // Whoever leaves early does not ask for it any more.
    waiter.promise.catch(() => {});
    const { waiters, sinceMs } = this.#waiting.get(id) ?? {
      waiters: new Set(),
      sinceMs: performance.now(),
    };
    this.#waiting.set(id, { sinceMs, waiters: waiters.add(waiter) });
    return {
      result: waiter.promise,
      leave: () => {
        waiters.delete(waiter);
        if (waiters.size === 0) {
          this.#waiting.delete(id);
        }
      },
    };
  }

  /** Tells those who wait for the job, if it has ended or is not there. */
  async lookUp(id: string): Promise<void> {
    // First without what belongs to the job, which may be a picture.
    const state = await this.#queue.getJobState(id);
    if (state === "unknown") {
      this.#settle(id, ({ reject }) => reject(goneJob(id)));
    } else if (state === "completed" || state === "failed") {
      const job = await this.#queue.getJob(id);
      if (state === "completed") {
        this.#complete(id, job?.returnvalue);
      } else {
        this.#fail(id, job?.failedReason ?? "nobody knows why");
      }
    }
  }

  close(): void {
    clearInterval(this.#timer);
    for (const id of this.#waiting.keys()) {
      this.#settle(id, ({ reject }) =>
        reject(new Failure("unavailable", `The server stops; the job ${id} goes on without it.`)),
      );
    }
  }

  #lookUpAll(): void {
    const olderThanMs = performance.now() - lookUpMs;
    for (const [id, { sinceMs }] of this.#waiting) {
      // A younger one may not have been added yet.
      if (sinceMs < olderThanMs) {
        // Without Redis there is nothing to be known.
        this.lookUp(id).catch(() => {});
      }
    }
  }

  #complete(id: string, value: unknown): void {
    this.#settle(id, ({ resolve }) => resolve(value));
  }

  #fail(id: string, reason: string): void {
    const failure = new Failure(
      "unavailable",
      `The job ${id} failed in every attempt (${reason}). ` +
        "It is in the list of failed jobs: npm run worker -- failed",
    );
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

function goneJob(id: string): Failure {
  return new Failure(
    "unavailable",
    `The job ${id} is gone: its Redis lost it, or somebody removed it.`,
  );
}
