import { setTimeout as sleep } from "node:timers/promises";
import { type Job, type JobsOptions, Queue, QueueEvents } from "bullmq";
import { backendUnavailable, Failure } from "../errors.ts";
import { answeredWithin, unlessAborted } from "../give-up.ts";
import { Backlog } from "./backlog.ts";
import {
  connectRedis,
  durabilityProblems,
  mayBeDone,
  type RedisConnection,
  toFailure,
} from "./connection.ts";
import { assertSameRequest, deduplicationOf, newJobId, recallOutcome } from "./idempotency.ts";
import {
  computeOptions,
  computeQueue,
  eventOptions,
  eventsQueue,
  type JobData,
  priorityOf,
  retryFromStart,
  unfinishedKeyMs,
} from "./protocol.ts";
import { JobResults, NothingHeard } from "./results.ts";
import { Withdrawals } from "./withdrawals.ts";

/** A command that Redis has not answered within this time has failed, in milliseconds. */
const commandMs = 2_000;
/** Events of this last while are read at the start as well, in ms: clocks of two machines differ. */
const clockSkewMs = 60_000;
/** How long Redis may take to say goodbye, in milliseconds. */
const closeMs = 500;
const unref = { ref: false };
interface JobQueueConfig {
  readonly redisUrl: string;
  /** How many jobs may wait, of those that compute and of events each. */
  readonly maxQueue: number;
  readonly log: (message: string) => void;
}

/** The server's end of the job queue: adds jobs, and waits for the results of those that compute. */
export class JobQueue {
  readonly #connection: RedisConnection;
  readonly #compute: Queue<JobData>;
  readonly #events: Queue<JobData>;
  readonly #computeBacklog: Backlog;
  readonly #eventsBacklog: Backlog;
  readonly #ends: QueueEvents;
  readonly #results: JobResults;
  readonly #withdrawals: Withdrawals;

  constructor({ redisUrl, maxQueue, log }: JobQueueConfig) {
    this.#connection = connectRedis({ url: redisUrl, log });
    const { options } = this.#connection;
    this.#compute = quiet(new Queue(computeQueue, options));
    this.#events = quiet(new Queue(eventsQueue, options));
    this.#ends = quiet(
      new QueueEvents(computeQueue, {
        ...options,
        lastEventId: `${Date.now() - clockSkewMs}-0`,
      }),
    );
    this.#results = new JobResults(this.#ends, this.#compute);
    this.#withdrawals = new Withdrawals(this.#connection, log);
    this.#computeBacklog = new Backlog(
      () => this.#compute.getJobCountByTypes("waiting", "prioritized", "delayed"),
      maxQueue,
    );
    // What failed stays until a person retries it, so it must have its end here as well.
    this.#eventsBacklog = new Backlog(
      () => this.#events.getJobCountByTypes("waiting", "delayed", "failed"),
      maxQueue,
    );
    void this.#connection.connected.then(() => this.#warnOfLosses(log));
  }

  /**
   * Adds a job that computes and waits for its outcome.
   *
   * @param costMs what it may cost in milliseconds of CPU: the shorter go first
   * @param key of a call that may be repeated, `scope.fingerprint`: the same means the same job, whoever adds
   *   it again; its work is done once, and again when it failed
   * @param signal who gives up takes the job out of the queue while it still waits there, unless it
   *   has a key: others may wait for it as well
   */
  async compute(
    data: JobData,
    terms: { costMs: number; key: string | undefined; signal: AbortSignal },
  ): Promise<unknown> {
    const { costMs, key, signal } = terms;
    const id = newJobId(key);
    // Before it is added, or its result may come too early.
    const waiting = this.#results.wait(id);
    try {
      const job = await this.#add(this.#compute, this.#computeBacklog, data, id, key, {
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
      if (key === undefined && (signal.aborted || error instanceof NothingHeard)) {
        this.#withdrawals.withdraw(this.#compute, id);
      }
      throw error;
    } finally {
      waiting.leave();
    }
  }

  /** Adds an event; resolves when Redis has it. The same key means the same event: it is sent once. */
  async addEvent(data: JobData, key: string | undefined): Promise<void> {
    const id = newJobId(key);
    const job = await this.#add(this.#events, this.#eventsBacklog, data, id, key, {
      ...eventOptions,
      ...deduplicationOf(key, unfinishedKeyMs.event),
    });
    // An event that has failed stays, so one that is not there has been sent.
    if (job.id !== id && (await this.#ask(() => job.getState())) === "failed") {
      await this.#ask(() => retryFromStart(job));
    }
  }

  async close(): Promise<void> {
    this.#results.close();
    const closed = this.#withdrawals
      .settled()
      .then(() =>
        Promise.allSettled([this.#compute.close(), this.#events.close(), this.#ends.close()]),
      );
    // A Redis that is gone or hangs answers none of this; the connections' end does.
    await Promise.race([closed, sleep(this.#connection.isReady ? closeMs : 0, undefined, unref)]);
    this.#withdrawals.close();
    this.#connection.close();
  }

  /** Waits for the job that an earlier call with the key added, or has its work done again when it failed. */
  async #computeAgain(
    job: Job<JobData>,
    data: JobData,
    terms: { costMs: number; key: string | undefined; signal: AbortSignal },
  ): Promise<unknown> {
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

  /** @returns the job that Redis has: another than `id` when an earlier call had the key */
  async #add(
    queue: Queue<JobData>,
    backlog: Backlog,
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
        this.#withdrawals.takeBack(queue, id, sinceMs);
        throw error;
      }
      // Not taken back: another call with the key may have been told that it is accepted.
      throw new Failure("UNBLOCK_JOB_UNCERTAIN", { problem: error.message }, { cause: error });
    }
  }

  /** Asks Redis, and says what is wrong with it. */
  async #ask<Reply>(command: () => Promise<Reply>): Promise<Reply> {
    if (!this.#connection.isReady) {
      throw backendUnavailable("job queue", this.#connection.problem);
    }
    try {
      return await answeredWithin(commandMs, command());
    } catch (error) {
      throw toFailure(error);
    }
  }

  async #warnOfLosses(log: (message: string) => void): Promise<void> {
    try {
      for (const problem of durabilityProblems(await this.#connection.info())) {
        log(`The job queue's Redis may lose what it accepted: ${problem}.`);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log(`Whether the job queue's Redis keeps what it accepts can't be seen (${reason}).`);
    }
  }
}

/** The connection tells of its own errors, and each command of its failure. */
function quiet<Emitter extends { on(event: "error", listener: () => void): unknown }>(
  emitter: Emitter,
): Emitter {
  emitter.on("error", () => {});
  return emitter;
}
