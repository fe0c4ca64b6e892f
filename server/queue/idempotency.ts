/**
 * How a caller's idempotency key holds: BullMQ's deduplication, whose key in Redis is made in the very script
 * that adds the job. So there is never one without the other, whoever is killed. It names the job, and the
 * job's id names the request, so a repeated call costs no further look at Redis to be told apart.
 *
 * The key outlives the job's own record, which takes some five times as much memory: of a job that is done
 * only the key stays, and what it computed.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { JobsOptions } from "bullmq";
import { Failure } from "../errors.ts";
import type { RedisConnection } from "./connection.ts";
import type { JobOutcome } from "./protocol.ts";

/** How long a key lives once its job is done, in milliseconds. */
const doneKeyMs = 3_600_000;

/**
 * @param key `scope.fingerprint`, or none
 * @returns an id that no other job has
 */
export function newJobId(key: string | undefined): string {
  return key === undefined
    ? randomUUID()
    : `${idStart(key)}${randomBytes(9).toString("base64url")}`;
}

/**
 * The job's share of its options.
 *
 * @param keyMs how long the key may live while its job is not done, in milliseconds
 */
export function deduplicationOf(
  key: string | undefined,
  keyMs: number,
): Pick<JobsOptions, "deduplication"> {
  return key === undefined ? {} : { deduplication: { id: scopeOf(key), ttl: keyMs } };
}

/**
 * @param jobId that of the job that has the key
 * @throws Failure "invalid" when it was added for another request
 */
export function assertSameRequest(jobId: string, key: string): void {
  if (!jobId.startsWith(idStart(key))) {
    throw new Failure("UNBLOCK_IDEMPOTENCY_KEY_REUSED", {});
  }
}

/**
 * Has the key of a job that did its work live on for an hour, with what the work gave back. A failure is not
 * kept: who asks again has it tried again. To be called before the job's end is noted: who is killed between
 * the two does the work again.
 *
 * @param deduplicationKey that of BullMQ in Redis
 */
export async function rememberDone(
  { redis }: RedisConnection,
  jobId: string,
  deduplicationKey: string,
  outcome: JobOutcome<unknown>,
): Promise<void> {
  const isResult = "value" in outcome && outcome.value !== null;
  // Without the one the key lives longer, and without the other the work is done again, which harms nobody.
  await Promise.allSettled([
    redis.pExpire(deduplicationKey, doneKeyMs),
    isResult &&
      redis.set(outcomeKey(jobId), JSON.stringify(outcome), {
        expiration: { type: "PX", value: doneKeyMs },
      }),
  ]);
}

/** The outcome that is remembered of a job; undefined when there is none. */
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

/** What the ids of all jobs begin with that have the key's request. No command takes it for a flag. */
function idStart(key: string): string {
  return `key-${key.slice(key.indexOf(".") + 1)}.`;
}
