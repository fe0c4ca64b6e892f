import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { ErrorReply } from "@redis/client";
import { type JobsOptions, Queue, QueueEvents } from "bullmq";
import { backendUnavailable, Failure } from "../errors.ts";
import { answeredWithin, unlessAborted } from "../give-up.ts";
import { Backlog } from "./backlog.ts";
import { connectRedis, type RedisConnection } from "./connection.ts";
import { durabilityProblems } from "./durability.ts";
import {
  computeOptions,
  computeQueue,
  eventOptions,
  eventsQueue,
  type JobData,
  priorityOf,
} from "./protocol.ts";
import { JobResults } from "./results.ts";

/** A command that Redis has not answered within this time has failed, in milliseconds. */
const commandMs = 2_000;
/** Events of this last while are read at the start as well, in ms: clocks of two machines differ. */
const clockSkewMs = 60_000;
/** How long Redis may take to say goodbye, in milliseconds. */
const closeMs = 500;
const unref = { ref: false };

export interface JobQueueConfig {
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
  /** Jobs on their way out of the queue. */
  readonly #withdrawals = new Set<Promise<unknown>>();

  constructor({ redisUrl, maxQueue, log }: JobQueueConfig) {
    this.#connection = connectRedis({ url: redisUrl, log });
    const { client: connection } = this.#connection;
    this.#compute = quiet(new Queue(computeQueue, { connection }));
    this.#events = quiet(new Queue(eventsQueue, { connection }));
    this.#ends = quiet(
      new QueueEvents(computeQueue, {
        connection,
        lastEventId: `${Date.now() - clockSkewMs}-0`,
      }),
    );
    this.#results = new JobResults(this.#ends, this.#compute);
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
   * @param key the same key means the same job, whoever adds it again; its work is done once
   * @param signal who gives up takes the job out of the queue while it still waits there, unless it
   *   has a key: others may wait for it as well
   */
  async compute(
    data: JobData,
    { costMs, key, signal }: { costMs: number; key: string | undefined; signal: AbortSignal },
  ): Promise<unknown> {
    const id = jobId(data, key);
    const waiting = this.#results.wait(id);
    try {
      const priority = priorityOf(costMs);
      const options = { ...computeOptions, priority };
      await this.#add(this.#compute, this.#computeBacklog, data, id, options, key);
      if (key !== undefined) {
        // It may have ended long ago.
        await this.#ask(() => this.#results.lookUp(id));
      }
      signal.throwIfAborted();
      return await unlessAborted(waiting.result, signal);
    } catch (error) {
      if (signal.aborted && key === undefined) {
        this.#withdraw(id);
      }
      throw error;
    } finally {
      waiting.leave();
    }
  }

  /** Adds an event; resolves when Redis has it. The same key means the same event: it is sent once. */
  async addEvent(data: JobData, key: string | undefined): Promise<void> {
    await this.#add(this.#events, this.#eventsBacklog, data, jobId(data, key), eventOptions, key);
  }

  async close(): Promise<void> {
    this.#results.close();
    const closed = Promise.allSettled(this.#withdrawals).then(() =>
      Promise.allSettled([this.#compute.close(), this.#events.close(), this.#ends.close()]),
    );
    // A Redis that is gone or hangs answers none of this; the connections' end does.
    await Promise.race([closed, sleep(this.#connection.isReady ? closeMs : 0, undefined, unref)]);
    this.#connection.close();
  }

  #withdraw(id: string): void {
    // One that has begun is locked, and goes on.
    const withdrawal = this.#compute
      .remove(id)
      .catch(() => {})
      .finally(() => this.#withdrawals.delete(withdrawal));
    this.#withdrawals.add(withdrawal);
  }

  async #add(
    queue: Queue<JobData>,
    backlog: Backlog,
    data: JobData,
    jobId: string,
    options: JobsOptions,
    key: string | undefined,
  ): Promise<void> {
    await this.#ask(() => backlog.enter());
    await this.#ask(() => queue.add(data.task, data, { ...options, jobId }));
    if (key !== undefined) {
      const job = await this.#ask(() => queue.getJob(jobId));
      if (job && !isDeepStrictEqual(job.data, data)) {
        throw new Failure(
          "invalid",
          "Expected the request to be the one that this idempotency-key was first used for, got another: " +
            "choose a new key for a new request.",
        );
      }
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

/** A caller's key may have any characters and belongs to its task. */
function jobId({ task }: JobData, key: string | undefined): string {
  return key === undefined
    ? randomUUID()
    : `key-${createHash("sha256").update(`${task}\n${key}`).digest("hex")}`;
}

function toFailure(error: unknown): Failure {
  if (error instanceof Failure) {
    return error;
  }
  if (error instanceof ErrorReply && error.message.includes("OOM")) {
    return new Failure(
      "overloaded",
      "The job queue takes no more: the memory of its Redis is full (maxmemory). Try again later.",
      { cause: error },
    );
  }
  if (error instanceof ErrorReply && error.message.includes("READONLY")) {
    return backendUnavailable("job queue", "its Redis is a read-only replica");
  }
  return backendUnavailable("job queue", error);
}
