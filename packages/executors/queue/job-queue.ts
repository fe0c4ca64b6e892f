import { setTimeout as sleep } from "node:timers/promises";
import { backendUnavailable, Failure, reasonOf } from "@unblock/errors/failure";
import { type Job, type JobsOptions, type JobType, Queue, QueueEvents } from "bullmq";
import type { ExecutorsConfig } from "../executor.ts";
import { unlessAborted, withTimeout } from "../waiting.ts";
import { Backlog } from "./backlog.ts";
import { Cancellations } from "./cancellations.ts";
import {
  connectRedis,
  durabilityProblems,
  mayBeDone,
  type RedisConnection,
  toFailure,
} from "./connection.ts";
import {
  assertSameRequest,
  computeOptions,
  computeQueue,
  deduplicationOf,
  eventOptions,
  eventsQueue,
  type JobData,
  newJobId,
  priorityOf,
  recallOutcome,
  retryFromStart,
  unfinishedKeyMs,
} from "./protocol.ts";
import { JobResults } from "./results.ts";

const commandMs = 2_000;
/**
 * Age of the oldest events that are read at the start, because the clocks of two machines differ.
 */
const clockSkewMs = 60_000;
const closeMs = 500;

/** `maxQueue` jobs may wait in each of the two queues. */
type JobQueueConfig = Pick<ExecutorsConfig, "maxQueue" | "log"> & { readonly redisUrl: string };

/** A queue of Redis, and its bound. */
interface Line {
  readonly queue: Queue<JobData>;
  readonly backlog: Backlog;
}

/** What a caller asks of a compute job. */
export interface JobTerms {
  /** Expected CPU time, in milliseconds: shorter jobs run first. */
  readonly costMs: number;
  /**
   * `scope.fingerprint` of a call that may be repeated: the same key means the same job, done once,
   * and again when it failed.
   */
  readonly key: string | undefined;
  /** Its abort removes a waiting job without a key, for which nobody else waits. */
  readonly signal: AbortSignal;
}

/**
 * The server's side of the job queue: adds jobs and waits for the results of those that compute.
 */
export class JobQueue {
  readonly #connection: RedisConnection;
  readonly #compute: Line;
  readonly #events: Line;
  readonly #ends: QueueEvents;
  readonly #results: JobResults;
  readonly #cancellations: Cancellations;

  constructor({ redisUrl, maxQueue, log }: JobQueueConfig) {
    this.#connection = connectRedis({ url: redisUrl, log });
    const { options } = this.#connection;
    const open = (name: string, ...counted: JobType[]): Line => {
      const queue = new Queue<JobData>(name, options);
      // The connection reports its own errors, and each command its failure.
      queue.on("error", () => {});
      return { queue, backlog: new Backlog(() => queue.getJobCountByTypes(...counted), maxQueue) };
    };
    this.#compute = open(computeQueue, "waiting", "prioritized", "delayed");
    // Failed events stay until a person retries them, so they count too.
    this.#events = open(eventsQueue, "waiting", "delayed", "failed");
    const lastEventId = `${Date.now() - clockSkewMs}-0`;
    this.#ends = new QueueEvents(computeQueue, { ...options, lastEventId });
    this.#ends.on("error", () => {});
    this.#results = new JobResults(this.#ends, this.#compute.queue);
    this.#cancellations = new Cancellations(this.#connection, log);
    void this.#connection.connected.then(() => this.#warnOfLosses(log));
  }

  /** Adds a compute job and waits for its outcome. */
  async compute(data: JobData, terms: JobTerms): Promise<unknown> {
    const { costMs, key, signal } = terms;
    const id = newJobId(key);
    // Before the job is added, so that the result can't be missed.
    const waiting = this.#results.wait(id);
    try {
      const job = await this.#add(this.#compute, data, id, key, {
        ...computeOptions,
        ...deduplicationOf(key, unfinishedKeyMs.compute),
        priority: priorityOf(costMs),
      });
      signal.throwIfAborted();
      if (job.id !== id) {
        return await this.#computeAgain(job, data, terms);
      }
      return await unlessAborted(waiting.result, signal);
    } catch (error) {
      const isUnheard = error instanceof Failure && error.code === "UNBLOCK_JOB_UNHEARD";
      if (key === undefined && (signal.aborted || isUnheard)) {
        this.#cancellations.cancel(this.#compute.queue, id);
      }
      throw error;
    } finally {
      waiting.leave();
    }
  }

  /** Adds an event; resolves when Redis has it. An event with the same key is sent once. */
  async addEvent(data: JobData, key: string | undefined): Promise<void> {
    const id = newJobId(key);
    const job = await this.#add(this.#events, data, id, key, {
      ...eventOptions,
      ...deduplicationOf(key, unfinishedKeyMs.event),
    });
    // Failed events stay in the queue, so a missing one has been sent.
    if (job.id !== id && (await this.#ask(() => job.getState())) === "failed") {
      await this.#ask(() => retryFromStart(job));
    }
  }

  async close(): Promise<void> {
    this.#results.close();
    const all = [this.#compute.queue, this.#events.queue, this.#ends];
    const closed = this.#cancellations
      .settled()
      .then(() => Promise.allSettled(all.map((one) => one.close())));
    // A Redis that is away or hangs does not reply; closing the connection ends this.
    const waitMs = this.#connection.isReady ? closeMs : 0;
    await Promise.race([closed, sleep(waitMs, undefined, { ref: false })]);
    this.#cancellations.close();
    this.#connection.close();
  }

  /** Waits for the job of an earlier call with the same key, or repeats its work when it failed. */
  async #computeAgain(job: Job<JobData>, data: JobData, terms: JobTerms): Promise<unknown> {
    const id = job.id ?? "";
    const waiting = this.#results.wait(id);
    try {
      const state = await this.#ask(() => job.getState());
      if (state === "completed" || state === "unknown") {
        const outcome = await this.#ask(() => recallOutcome(this.#connection, id));
        if (outcome === undefined) {
          await this.#ask(() => job.removeDeduplicationKey());
          return await this.compute(data, terms);
        }
        return outcome;
      }
      if (state === "failed") {
        await this.#ask(() => retryFromStart(job));
      }
      return await unlessAborted(waiting.result, terms.signal);
    } finally {
      waiting.leave();
    }
  }

  /** @returns the job in Redis, which has another id when an earlier call used the key */
  async #add(
    { queue, backlog }: Line,
    data: JobData,
    id: string,
    key: string | undefined,
    options: JobsOptions,
  ): Promise<Job<JobData>> {
    await this.#ask(() => backlog.enter());
    const sinceMs = performance.now();
    try {
      const job = await this.#ask(() => queue.add(data.task, data, { ...options, jobId: id }));
      if (key !== undefined) {
        assertSameRequest(job.id ?? "", key);
      }
      return job;
    } catch (error) {
      if (!(error instanceof Failure && mayBeDone(error))) {
        throw error;
      }
      if (key === undefined) {
        this.#cancellations.cancel(queue, id, sinceMs);
        throw error;
      }
      // Not cancelled: another call with the key may have been accepted.
      throw new Failure("UNBLOCK_JOB_UNCERTAIN", { problem: error.message }, { cause: error });
    }
  }

  /** Sends a command to Redis and converts its failure. */
  async #ask<Reply>(command: () => Promise<Reply>): Promise<Reply> {
    if (!this.#connection.isReady) {
      throw backendUnavailable("job queue", this.#connection.problem);
    }
    try {
      return await withTimeout(commandMs, command());
    } catch (error) {
      throw toFailure(error);
    }
  }

  async #warnOfLosses(log: (message: string) => void): Promise<void> {
    try {
      for (const problem of durabilityProblems(await this.#connection.client.info())) {
        log(`The job queue's Redis may lose what it accepted: ${problem}.`);
      }
    } catch (error) {
      log(
        `Whether the job queue's Redis keeps what it accepts can't be seen (${reasonOf(error)}).`,
      );
    }
  }
}
