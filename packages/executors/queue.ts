import { fromFailureMessage } from "@unblock/errors/failure";
import { monotonicMs } from "@unblock/measure/clock";
import { Admission } from "./admission.ts";
import type {
  ExecutorsConfig,
  ExecutorVitals,
  LocalContext,
  Ran,
  Task,
  TaskCall,
} from "./executor.ts";
import type { JobQueue } from "./queue/job-queue.ts";
import { isOutcome, jobTaskName, toJobInput } from "./queue/protocol.ts";

interface JobTerms {
  /** Expected CPU time, in milliseconds: shorter jobs run first. */
  readonly costMs: number;
  /** Idempotency key of the caller: the same key means the same job. */
  readonly key: string | undefined;
}

/**
 * Workers on any number of machines (`npm run worker`) that take jobs from a Redis. Not a `Place`:
 * a job's task must be one that the workers know.
 */
interface JobExecutor {
  readonly name: "queue";
  /**
   * Runs a task in some worker. A job whose signal aborts while it waits never runs.
   *
   * @throws Failure "overloaded" when the queue is full; the signal's reason when that aborts
   */
  run<Input extends object, Output>(
    task: Task<Input, Output>,
    input: Input,
    call: TaskCall,
    terms: JobTerms,
  ): Promise<Ran<Output>>;
  /**
   * Accepts a task and resolves when Redis has it: some worker then runs it at least once, whatever
   * happens to this server.
   */
  accept<Input extends object>(
    task: Task<Input, unknown, LocalContext>,
    input: Input,
    key: string | undefined,
    connection?: object,
  ): Promise<Ran<undefined>>;
  vitals(slot?: number): ExecutorVitals;
  restartWindow(slot: number): void;
  close(): Promise<void>;
}

/** Its vitals count this server's calls that wait for jobs; the workers are elsewhere. */
export function createQueue({ redisUrl, maxQueue, log }: ExecutorsConfig): JobExecutor {
  const admission = new Admission("queue", maxQueue, 0);
  const opening = redisUrl === undefined ? undefined : open({ redisUrl, maxQueue, log });
  const opened = (): Promise<JobQueue> => {
    if (opening === undefined) {
      throw new Error("Expected Redis to be configured");
    }
    return opening;
  };

  return {
    name: "queue",
    run: (task, input, call, { costMs, key }) => {
      const submittedMs = monotonicMs();
      return admission.run(async () => {
        const jobs = await opened();
        const data = { task: jobTaskName(task), input: toJobInput(input) };
        const outcome = await jobs.compute(data, { costMs, key, signal: call.signal });
        return toRan<Awaited<ReturnType<typeof task.run>>>(outcome, submittedMs);
      }, call);
    },
    accept: (task, input, key, connection) => {
      const submittedMs = monotonicMs();
      // The caller may disconnect: what Redis has is accepted, what it does not have is not.
      return admission.run(
        async () => {
          const jobs = await opened();
          await jobs.addEvent({ task: jobTaskName(task), input: toJobInput(input) }, key);
          return {
            value: undefined,
            ranOn: { executor: "queue", pid: process.pid },
            beganMs: submittedMs,
            timing: [
              { name: "queue", ms: monotonicMs() - submittedMs },
              { name: "work", ms: 0 },
            ],
          };
        },
        { signal: never, connection },
      );
    },
    vitals: (slot) => admission.vitals(slot),
    restartWindow: (slot) => admission.restartWindow(slot),
    close: async () => (await opening)?.close(),
  };
}

const never = new AbortController().signal;

/** Loads the queue's modules only when a Redis is configured. */
async function open(config: {
  readonly redisUrl: string;
  readonly maxQueue: number;
  readonly log: (message: string) => void;
}): Promise<JobQueue> {
  const { JobQueue } = await import("./queue/job-queue.ts");
  return new JobQueue(config);
}

function toRan<Output>(outcome: unknown, submittedMs: number): Ran<Output> {
  if (!isOutcome<Output>(outcome)) {
    throw new Error(`Expected an outcome from a worker, got ${JSON.stringify(outcome)}`);
  }
  if ("failure" in outcome) {
    throw fromFailureMessage(outcome.failure);
  }
  const { value, ranOn, workMs, cpuMs } = outcome;
  // The worker's clock may be another machine's, so all time but the work counts as queueing.
  const queueMs = monotonicMs() - submittedMs - workMs;
  return {
    value,
    ranOn,
    beganMs: submittedMs,
    timing: [
      { name: "queue", ms: queueMs },
      { name: "work", ms: workMs },
    ],
    cpuMs,
  };
}
