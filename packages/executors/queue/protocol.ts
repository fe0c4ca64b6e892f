import { randomBytes, randomUUID } from "node:crypto";
import { Failure, type FailureMessage } from "@unblock/errors/failure";
import type { Job, JobsOptions } from "bullmq";
import type { RanOn } from "../executor.ts";
import type { RedisConnection } from "./connection.ts";

/** What servers that add jobs and workers that take them share. */

/** Compute jobs: a worker takes one per CPU worker at once. */
export const computeQueue = "unblock-compute";
/** Events for analytics: they wait, so a worker takes many at once. */
export const eventsQueue = "unblock-events";

export interface JobData {
  /** The task's folder and function, such as "compute-hash/computeHash". */
  readonly task: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A worker's response: the result, or a failure that a retry would not change. */
export type JobOutcome<Output> = {
  readonly ranOn: RanOn;
  readonly workMs: number;
  /** CPU time of the task; undefined when it failed or was not measured. */
  readonly cpuMs?: number | undefined;
} & ({ readonly value: Output } | { readonly failure: FailureMessage });

/**
 * Lifetime of a finished job's record: a server that lost its connection asks for results for up to
 * ten seconds. Bounded by age alone, since a count is quickly reached at a thousand jobs per
 * second.
 */
export const keptMs = 30_000;
const removeOnComplete = { age: keptMs / 1_000 };

/** Lifetime of a failed compute job in the list of failed jobs, unless 1,000 others fail. */
const failedMs = 24 * 3_600_000;

/** A caller waits, so retries follow within seconds. */
export const computeOptions: JobsOptions = {
  attempts: 5,
  backoff: { type: "exponential", delay: 200, jitter: 0.5 },
  removeOnComplete,
  removeOnFail: { age: failedMs / 1_000, count: 1_000 },
};

/**
 * No caller waits, and analytics may be away for a while: ten attempts take two to four minutes. A
 * failed event stays until a person retries it; nothing removes undelivered events.
 */
export const eventOptions: JobsOptions = {
  attempts: 10,
  backoff: { type: "exponential", delay: 500, jitter: 0.5 },
  removeOnComplete,
  removeOnFail: false,
};

/**
 * Priority of a job by its cost; lower runs sooner. Jobs whose costs differ by less than a factor
 * of two keep their order of arrival.
 */
export function priorityOf(costMs: number): number {
  return 1 + Math.ceil(Math.log2(Math.max(1, costMs)));
}

export function toJobInput(input: object): JobData["input"] {
  const toJson = (value: unknown) =>
    value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value;
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, toJson(value)]));
}

/** Bytes of a job's field; undefined when it has none. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  return typeof value === "object" &&
    value !== null &&
    "base64" in value &&
    typeof value.base64 === "string"
    ? Buffer.from(value.base64, "base64")
    : undefined;
}

/** Name by which workers know a task; they never import what a job names. */
export function jobTaskName({ module, name }: { module: string; name: string }): string {
  return `${new URL(module).pathname.split("/").at(-2)}/${name}`;
}

export function isOutcome<Output>(value: unknown): value is JobOutcome<Output> {
  return (
    typeof value === "object" &&
    value !== null &&
    "ranOn" in value &&
    ("value" in value || "failure" in value)
  );
}

/** Retries a failed job with all its attempts. Does nothing when someone else has just done so. */
export async function retryFromStart(job: Job<JobData>): Promise<void> {
  try {
    await job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
  } catch (error) {
    if ((await job.getState()) === "failed") {
      throw error;
    }
  }
}

/*
 * Idempotency keys, as BullMQ's deduplication: the script that adds a job also creates its key in
 * Redis, so neither exists without the other, whatever crashes. The key names the job, and the
 * job's id names the request, so a repeated call needs no extra round trip.
 *
 * The key outlives the job's record, which takes about five times as much memory: of a finished job
 * only the key and the result are kept.
 */

/** Max lifetime of an idempotency key while its job is not done. */
export const unfinishedKeyMs = { compute: failedMs, event: 7 * 24 * 3_600_000 };

/** Lifetime of a key after its job is done. */
const doneKeyMs = 3_600_000;

/**
 * @param key `scope.fingerprint`, or undefined
 * @returns a unique job id
 */
export function newJobId(key: string | undefined): string {
  return key === undefined
    ? randomUUID()
    : `${idStart(key)}${randomBytes(9).toString("base64url")}`;
}

/**
 * Options of a job that make its key.
 *
 * @param keyMs max lifetime of the key while the job is not done, in milliseconds
 */
export function deduplicationOf(
  key: string | undefined,
  keyMs: number,
): Pick<JobsOptions, "deduplication"> {
  return key === undefined ? {} : { deduplication: { id: scopeOf(key), ttl: keyMs } };
}

/**
 * @param jobId id of the job that has the key
 * @throws Failure "invalid" when the job was added for another request
 */
export function assertSameRequest(jobId: string, key: string): void {
  if (!jobId.startsWith(idStart(key))) {
    throw new Failure("UNBLOCK_IDEMPOTENCY_KEY_REUSED", {});
  }
}

/**
 * Keeps the key of a finished job, and its result, for an hour. A failure is not kept, so that a
 * repeated call tries again. Call it before the job is marked as finished: after a crash in
 * between, the work is done again.
 *
 * @param deduplicationKey BullMQ's key in Redis
 */
export async function rememberDone(
  { redis }: RedisConnection,
  jobId: string,
  deduplicationKey: string,
  outcome: JobOutcome<unknown>,
): Promise<void> {
  const isResult = "value" in outcome && outcome.value !== null;
  // If one of them fails, the key lives longer or the work is done again, which is harmless.
  await Promise.allSettled([
    redis.pExpire(deduplicationKey, doneKeyMs),
    isResult &&
      redis.set(outcomeKey(jobId), JSON.stringify(outcome), {
        expiration: { type: "PX", value: doneKeyMs },
      }),
  ]);
}

/** Result of a finished job; undefined when there is none. */
export async function recallOutcome(
  { redis }: RedisConnection,
  jobId: string,
): Promise<unknown | undefined> {
  const outcome = await redis.get(outcomeKey(jobId));
  return outcome === null ? undefined : JSON.parse(outcome);
}

function outcomeKey(jobId: string): string {
  return `unblock:outcome:${jobId}`;
}

function scopeOf(key: string): string {
  return key.slice(0, key.indexOf("."));
}

/** Common start of the ids of all jobs of one request. No Redis command takes it for a flag. */
function idStart(key: string): string {
  return `key-${key.slice(key.indexOf(".") + 1)}.`;
}
