import type { Job, JobsOptions } from "bullmq";
import type { FailureMessage } from "../errors.ts";
import type { RanOn } from "../places/place.ts";

/** What a server that adds jobs and a worker that takes them agree on. */

/** Jobs that compute: a worker takes as many at once as it has CPU workers. */
export const computeQueue = "unblock-compute";
/** Events on their way to analytics: jobs that wait, so a worker takes many at once. */
export const eventsQueue = "unblock-events";

/** What is kept in Redis for a job: its task's name, and its input as JSON. */
export interface JobData {
  /** Its module's folder and its function, such as "compute-hash/computeHash". */
  readonly task: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What a worker answers: the result, or a failure that another attempt would not change. */
export type JobOutcome<Output> = {
  readonly ranOn: RanOn;
  readonly workMs: number;
  /** CPU time of the task; undefined when it failed, or when the worker did not count it. */
  readonly cpuMs?: number | undefined;
} & ({ readonly value: Output } | { readonly failure: FailureMessage });

/**
 * How long the record of a job that is done stays, in milliseconds: a server that lost its connection asks
 * for its results meanwhile, and gives up after ten seconds. By age alone, since a count is nothing at a
 * thousand jobs a second.
 */
export const keptMs = 30_000;
const removeOnComplete = { age: keptMs / 1_000 };

/** How long a failed computation stays in the list of failed jobs, in milliseconds, if 1,000 others do not fail. */
const failedMs = 24 * 3_600_000;

/** A caller waits, so the attempts follow each other within seconds. */
export const computeOptions: JobsOptions = {
  attempts: 5,
  backoff: { type: "exponential", delay: 200, jitter: 0.5 },
  removeOnComplete,
  removeOnFail: { age: failedMs / 1_000, count: 1_000 },
};

/**
 * Nobody waits, and analytics may be away for a while: ten attempts take about four minutes. What has
 * failed then stays until a person retries it. Nothing removes an event that was not delivered.
 */
export const eventOptions: JobsOptions = {
  attempts: 10,
  backoff: { type: "exponential", delay: 500, jitter: 0.5 },
  removeOnComplete,
  removeOnFail: false,
};

/** How long an idempotency key may live while its job is not done, in milliseconds. */
export const unfinishedKeyMs = { compute: failedMs, event: 7 * 24 * 3_600_000 };

/**
 * A job's turn from what it costs: the lower, the sooner. Jobs that cost the same within a factor of
 * two take turns in the order of their arrival, so that nobody is overtaken for a trifle.
 */
export function priorityOf(costMs: number): number {
  return 1 + Math.ceil(Math.log2(Math.max(1, costMs)));
}

/** JSON has no bytes, so they travel as base64, one level deep. */
interface Base64 {
  readonly base64: string;
}

export function toJobInput(input: object): JobData["input"] {
  const entries = Object.entries(input).map(([name, value]: [string, unknown]) => {
    const bytes: Base64 | undefined =
      value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : undefined;
    return [name, bytes ?? value];
  });
  return Object.fromEntries(entries);
}

/** The bytes of a job's field; undefined when there are none. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  return typeof value === "object" &&
    value !== null &&
    "base64" in value &&
    typeof value.base64 === "string"
    ? Buffer.from(value.base64, "base64")
    : undefined;
}

/** The name under which workers know a task: they import nothing that a job names otherwise. */
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

/**
 * Lets a failed job be tried again, with all its attempts: it may be that the reason for the failures is gone.
 * Does nothing when somebody else just did so.
 */
export async function retryFromStart(job: Job<JobData>): Promise<void> {
  try {
    await job.retry("failed", { resetAttemptsMade: true, resetAttemptsStarted: true });
  } catch (error) {
    if ((await job.getState()) === "failed") {
      throw error;
    }
  }
}
