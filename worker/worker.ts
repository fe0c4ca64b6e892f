import { threadId } from "node:worker_threads";
import { Failure, toFailureMessage } from "@unblock/errors/failure";
import { type Executor, type LocalContext, type Ran, task } from "@unblock/executors/executor";
import { createLocalExecutor } from "@unblock/executors/local";
import { connectRedis } from "@unblock/executors/queue/connection";
import {
  bytesOf,
  computeQueue,
  eventsQueue,
  type JobData,
  type JobOutcome,
  jobTaskName,
  rememberDone,
} from "@unblock/executors/queue/protocol";
import { createThreadPool } from "@unblock/executors/thread-pool";
import * as hash from "@unblock/exercises/compute-hash/work";
import * as picture from "@unblock/exercises/predict-image/work";
import * as event from "@unblock/exercises/track-event/work";
import { type Job, Worker } from "bullmq";

const eventsAtOnce = 64;
/** Time that running jobs have to end when the worker closes. */
const drainMs = 5_000;
/**
 * Duration of a job's lock, which the worker renews at half of it. After a worker is killed,
 * another takes its jobs within this and the interval below.
 */
const lockMs = 5_000;
const lockCheckMs = 2_500;
/** Max times that a job may lose its worker before it fails: it is probably the cause. */
const maxStalls = 5;

interface WorkerConfig {
  readonly redisUrl: string;
  readonly cpuWorkers: number;
  readonly log: (message: string) => void;
}

export function startWorker({ redisUrl, cpuWorkers, log }: WorkerConfig) {
  const connection = connectRedis({ url: redisUrl, log });
  const executors: WorkerExecutors = {
    cpu: createThreadPool("queue", cpuWorkers, cpuWorkers, log),
    loop: createLocalExecutor("queue", eventsAtOnce, eventsAtOnce, { thread: threadId }),
  };
  const closing = new AbortController();
  const take = (queue: string, concurrency: number) => {
    const worker = new Worker<JobData, JobOutcome<unknown>>(
      queue,
      async ({ id = "", data, deduplicationId }) => {
        const outcome = await outcomeOf(executors, data, closing.signal);
        if (deduplicationId !== undefined) {
          await rememberDone(connection, id, worker.toKey(`de:${deduplicationId}`), outcome);
        }
        return outcome;
      },
      {
        ...connection.options,
        concurrency,
        lockDuration: lockMs,
        stalledInterval: lockCheckMs,
        maxStalledCount: maxStalls,
      },
    );
    worker.on("failed", (job, error) => log(describeFailure(job, error)));
    worker.on("stalled", (id) => log(`The job ${id} lost its worker and is taken again.`));
    // The connection reports its own errors.
    worker.on("error", () => {});
    return worker;
  };
  const workers = [take(computeQueue, cpuWorkers), take(eventsQueue, eventsAtOnce)];

  return {
    connected: connection.connected,
    /** Takes no more jobs and waits for running ones; another worker takes those that do not end. */
    close: async (): Promise<void> => {
      const timer = setTimeout(() => {
        log(`Some jobs did not end within ${drainMs} ms; other workers take them again.`);
        closing.abort(new Error("the worker stops"));
      }, drainMs);
      if (connection.isReady) {
        await Promise.all(workers.map((worker) => worker.close()));
      } else {
        void Promise.allSettled(workers.map((worker) => worker.close(true)));
      }
      clearTimeout(timer);
      connection.close();
      await Promise.all([executors.cpu.close(), executors.loop.close()]);
    },
  };
}

/** A failure that a retry would not change is an outcome; any other is thrown and retried. */
async function outcomeOf(
  executors: WorkerExecutors,
  { task: name, input }: JobData,
  signal: AbortSignal,
): Promise<JobOutcome<unknown>> {
  const startedMs = performance.now();
  try {
    const run = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
    if (run === undefined) {
      const known = Object.keys(tasks).join(", ");
      throw new Error(`Expected a job for one of ${known}, got ${JSON.stringify(name)}`);
    }
    const { value, ranOn, timing, cpuMs } = await run(executors, input, { signal });
    const workMs = timing.find((step) => step.name === "work")?.ms ?? 0;
    // JSON omits undefined, and a result must be present.
    return { value: value ?? null, ranOn, workMs, cpuMs };
  } catch (error) {
    if (!(error instanceof Failure) || error.kind === "unavailable") {
      throw error;
    }
    const ranOn = { executor: "queue", pid: process.pid };
    return { failure: toFailureMessage(error), ranOn, workMs: performance.now() - startedMs };
  }
}

function describeFailure(job: Job<JobData> | undefined, { message }: Error): string {
  if (job === undefined) {
    return `A job failed: ${message}`;
  }
  const attempts = job.opts.attempts ?? 1;
  const next =
    job.attemptsMade < attempts
      ? "it is tried again"
      : "it is in the list of failed jobs: npm run worker -- failed";
  return `The job ${job.id} (${job.data.task}) failed, attempt ${job.attemptsMade} of ${attempts}: ${message}; ${next}.`;
}

interface WorkerExecutors {
  readonly cpu: Executor;
  readonly loop: Executor<LocalContext>;
}

type RunJob = (
  executors: WorkerExecutors,
  input: JobData["input"],
  call: { readonly signal: AbortSignal },
) => Promise<Ran<unknown>>;

const computeHash = task(
  import.meta.resolve("@unblock/exercises/compute-hash/work"),
  hash.computeHash,
);
const infer = task(import.meta.resolve("@unblock/exercises/predict-image/work"), picture.infer);
const sendEvent = task(import.meta.resolve("@unblock/exercises/track-event/work"), event.sendEvent);

/**
 * Tasks by the names in jobs. A job with another name fails, and inputs are checked: whoever can
 * write to Redis must not choose what code runs here.
 */
const tasks: Readonly<Record<string, RunJob>> = {
  [jobTaskName(computeHash)]: ({ cpu }, { data, rounds }, call) =>
    cpu.run(computeHash, { data: text("data", data), rounds: number("rounds", rounds) }, call),

  [jobTaskName(infer)]: ({ cpu }, { png, crops }, call) => {
    const bytes = bytesOf(png);
    if (bytes === undefined) {
      throw new Error("Expected the job's png to be bytes in base64, got none");
    }
    return cpu.run(infer, { png: bytes, crops: number("crops", crops) }, call);
  },

  [jobTaskName(sendEvent)]: ({ loop }, { analyticsUrl, event: name, userId }, call) => {
    const input = {
      analyticsUrl: text("analyticsUrl", analyticsUrl),
      event: text("event", name),
      userId: number("userId", userId),
    };
    return loop.run(sendEvent, input, call);
  },
};

function text(field: string, value: unknown): string {
  if (typeof value !== "string") {
    throw new Error(`Expected the job's ${field} to be a text, got ${typeof value}`);
  }
  return value;
}

function number(field: string, value: unknown): number {
  if (typeof value !== "number") {
    throw new Error(`Expected the job's ${field} to be a number, got ${typeof value}`);
  }
  return value;
}
