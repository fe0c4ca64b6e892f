import { fromFailureMessage } from "@unblock/errors/failure";
import { monotonicMs } from "@unblock/measure/clock";
import { Admission } from "./admission.ts";
import {
  type ExecutorsConfig,
  type LocalContext,
  type Ran,
  type Task,
  type TaskCall,
  toRan,
} from "./executor.ts";
import type { JobQueue, JobTerms } from "./queue/job-queue.ts";
import { isOutcome, jobTaskName, toJobInput } from "./queue/protocol.ts";

const never = new AbortController().signal;

/**
 * Workers on any number of machines (`npm run worker`) that take jobs from a Redis. Not an
 * `Executor`: a job's task must be one that the workers know. Its vitals count this server's calls
 * that wait for jobs.
 */
export function createQueue({ redisUrl, maxQueue, log }: ExecutorsConfig) {
  const name = "queue";
  const admission = new Admission(name, maxQueue, 0);
  // Loads the queue's modules only when a Redis is configured.
  const opening =
    redisUrl === undefined
      ? undefined
      : import("./queue/job-queue.ts").then(
          ({ JobQueue }) => new JobQueue({ redisUrl, maxQueue, log }),
        );
  const opened = (): Promise<JobQueue> => {
    if (opening === undefined) {
      throw new Error("Expected Redis to be configured");
    }
    return opening;
  };
  const dataOf = <Input extends object>(
    task: { readonly module: string; readonly name: string },
    input: Input,
  ) => ({ task: jobTaskName(task), input: toJobInput(input) });

  /**
   * Runs a task in some worker. A job whose signal aborts while it waits never runs.
   *
   * @throws Failure "overloaded" when the queue is full; the signal's reason when that aborts
   */
  function run<Input extends object, Output>(
    task: Task<Input, Output>,
    input: Input,
    call: TaskCall,
    terms: Pick<JobTerms, "costMs" | "key">,
  ): Promise<Ran<Output>> {
    const submittedMs = monotonicMs();
    return admission.run(async () => {
      const jobs = await opened();
      const outcome = await jobs.compute(dataOf(task, input), { ...terms, signal: call.signal });
      return fromJobOutcome<Output>(outcome, submittedMs);
    }, call);
  }

  /**
   * Accepts a task and resolves when Redis has it: some worker then runs it at least once, whatever
   * happens to this server.
   */
  function accept<Input extends object>(
    task: Task<Input, unknown, LocalContext>,
    input: Input,
    key: string | undefined,
    connection?: object,
  ): Promise<Ran<undefined>> {
    const beganMs = monotonicMs();
    const add = async () => {
      const jobs = await opened();
      await jobs.addEvent(dataOf(task, input), key);
      const ranOn = { executor: name, pid: process.pid };
      const queueMs = monotonicMs() - beganMs;
      return toRan({ value: undefined, ranOn, beganMs, queueMs, workMs: 0 });
    };
    // The caller may disconnect: what Redis has is accepted, what it does not have is not.
    return admission.run(add, { signal: never, connection });
  }

  return {
    name,
    run,
    accept,
    vitals: (slot?: number) => admission.vitals(slot),
    restartWindow: (slot: number) => admission.restartWindow(slot),
    close: async () => (await opening)?.close(),
  };
}

function fromJobOutcome<Output>(outcome: unknown, beganMs: number): Ran<Output> {
  if (!isOutcome<Output>(outcome)) {
    throw new Error(`Expected an outcome from a worker, got ${JSON.stringify(outcome)}`);
  }
  if ("failure" in outcome) {
    throw fromFailureMessage(outcome.failure);
  }
  const { value, ranOn, workMs, cpuMs } = outcome;
  // The worker's clock may be another machine's, so all time but the work counts as queueing.
  const queueMs = monotonicMs() - beganMs - workMs;
  return toRan({ value, ranOn, beganMs, queueMs, workMs, cpuMs });
}
