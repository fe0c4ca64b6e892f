import type { RedisConnection } from "@unblock/executors/queue/connection";
import {
  computeQueue,
  eventsQueue,
  type JobData,
  retryFromStart,
} from "@unblock/executors/queue/protocol";
import { type Job, Queue } from "bullmq";

/** Max listed jobs of each queue, most recent first. */
const maxListed = 1_000;

/** A job that failed in every attempt; scripts rely on these names. */
export interface FailedJob {
  readonly id: string;
  readonly queue: string;
  readonly task: string;
  readonly input: unknown;
  readonly attempts: number;
  readonly failed_at: string;
  readonly reason: string;
}

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

  /** Most recently failed first. */
  async list(): Promise<{ readonly jobs: readonly FailedJob[]; readonly total: number }> {
    const found = await Promise.all(
      this.#queues.map(async (queue) => ({
        jobs: await queue.getFailed(0, maxListed - 1),
        count: await queue.getFailedCount(),
      })),
    );
    const jobs = found.flatMap((one) => one.jobs).map(describe);
    return {
      jobs: jobs.sort((a, b) => b.failed_at.localeCompare(a.failed_at)),
      total: found.reduce((sum, { count }) => sum + count, 0),
    };
  }

  /**
   * Retries a job from the start.
   *
   * @returns false when there is no such failed job
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

  async retryAll(): Promise<number> {
    let retried = 0;
    for (const queue of this.#queues) {
      // One page at a time, up to the current number: jobs that fail again meanwhile are left for
      // the next time.
      const end = retried + (await queue.getFailedCount());
      while (retried < end) {
        const jobs = await queue.getJobs(["failed"], 0, maxListed - 1, true);
        if (jobs.length === 0) {
          break;
        }
        await Promise.all(jobs.map(retryFromStart));
        retried += jobs.length;
      }
    }
    return retried;
  }
}

function describe(job: Job<JobData>): FailedJob {
  return {
    id: job.id ?? "",
    queue: job.queueName,
    task: job.data.task,
    input: job.data.input,
    attempts: job.attemptsMade,
    failed_at: new Date(job.finishedOn ?? 0).toISOString(),
    reason: job.failedReason,
  };
}
