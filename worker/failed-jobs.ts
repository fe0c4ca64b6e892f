import { type Job, Queue } from "bullmq";
import type { RedisConnection } from "../server/queue/connection.ts";
import {
  computeQueue,
  eventsQueue,
  type JobData,
  retryFromStart,
} from "../server/queue/protocol.ts";

/** How many of each queue are listed, those that failed last first. */
const mostListed = 1_000;

/** A job that failed in every attempt, with the names that scripts rely on. */
export interface FailedJob {
  readonly id: string;
  readonly queue: string;
  readonly task: string;
  readonly input: unknown;
  readonly attempts: number;
  /** ISO 8601. */
  readonly failed_at: string;
  readonly reason: string;
}

/** What a person can do about jobs that failed. */
export class FailedJobs {
  readonly #queues: readonly Queue<JobData>[];

  constructor({ options }: RedisConnection) {
    this.#queues = [computeQueue, eventsQueue].map((name) => {
      const queue = new Queue<JobData>(name, options);
      // Each command reports its own failure.
      queue.on("error", () => {});
      return queue;
    });
  }

  /** Those that failed last first. */
  async list(): Promise<{ readonly jobs: readonly FailedJob[]; readonly total: number }> {
    const [lists, counts] = await Promise.all([
      Promise.all(this.#queues.map((queue) => queue.getFailed(0, mostListed - 1))),
      Promise.all(this.#queues.map((queue) => queue.getFailedCount())),
    ]);
    const jobs = lists.flat().map(describe);
    return {
      jobs: jobs.toSorted((a, b) => b.failed_at.localeCompare(a.failed_at)),
      total: counts.reduce((sum, count) => sum + count, 0),
    };
  }

  /**
   * Lets a job be tried again from the start.
   *
   * @returns false when there is no such job among those that failed
   */
  async retry(id: string): Promise<boolean> {
    for (const queue of this.#queues) {
      const job = await queue.getJob(id);
      if (job && (await job.isFailed())) {
        await retryFromStart(job);
        return true;
      }
    }
    return false;
  }

  /** @returns how many are tried again */
  async retryAll(): Promise<number> {
    let retried = 0;
    for (const queue of this.#queues) {
      // A page at a time, as many as there are now: what fails again meanwhile is left for the next time.
      const failed = await queue.getFailedCount();
      for (let done = 0; done < failed; ) {
        const jobs = await queue.getJobs(["failed"], 0, mostListed - 1, true);
        if (jobs.length === 0) {
          break;
        }
        await Promise.all(jobs.map(retryFromStart));
        done += jobs.length;
        retried += jobs.length;
      }
    }
    return retried;
  }
}

function describe({ id, queueName, data, attemptsMade, finishedOn, failedReason }: Job<JobData>) {
  return {
    id: id ?? "",
    queue: queueName,
    task: data.task,
    input: data.input,
    attempts: attemptsMade,
    failed_at: new Date(finishedOn ?? 0).toISOString(),
    reason: failedReason,
  };
}
