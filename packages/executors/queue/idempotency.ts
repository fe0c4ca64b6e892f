/**
 * Idempotency keys, as BullMQ's deduplication: the script that adds a job also creates its key in
 * Redis, so neither exists without the other, whatever crashes. The key names the job, and the
 * job's id names the request, so a repeated call needs no extra round trip.
 *
 * The key outlives the job's record, which takes about five times as much memory: of a finished job
 * only the key and the result are kept.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { Failure } from "@unblock/errors/failure";
import type { JobsOptions } from "bullmq";
import type { RedisConnection } from "./connection.ts";
import type { JobOutcome } from "./protocol.ts";

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
