import { monotonicMs } from "../../registry/clock.ts";
import { fromFailureMessage } from "../errors.ts";
import type { JobQueue } from "../queue/job-queue.ts";
import { isOutcome, jobTaskName, toJobInput } from "../queue/protocol.ts";
import { Admission } from "./admission.ts";
import type { LocalContext, PlacesConfig, PlaceVitals, Ran, Task, TaskCall } from "./place.ts";

/** How a job stands to others. */
interface JobTerms {
  /** About what it costs, in milliseconds of CPU: the shorter go first. */
  readonly costMs: number;
  /** From the caller: the same key means the same job. */
  readonly key: string | undefined;
}

/**
 * Workers on any number of machines, `npm run worker`, that take jobs from a Redis. Not in the list of
 * `Place`s: what runs elsewhere must be a job whose task the workers know.
 */
interface JobPlace {
  readonly name: "queue";
  /**
   * Runs a task in some worker. Rejects with a Failure "overloaded" when the queue is full, and with
   * the reason of the call's signal when that aborts: a job that still waits then never runs.
   */
  run<Input extends object, Output>(
    task: Task<Input, Output>,
    input: Input,
    call: TaskCall,
    terms: JobTerms,
  ): Promise<Ran<Output>>;
  /**
   * Accepts a task and resolves when Redis has it: from then on some worker runs it, at least once,
   * whatever becomes of this server.
   */
  accept<Input extends object>(
    task: Task<Input, unknown, LocalContext>,
    input: Input,
    key: string | undefined,
    connection?: object,
  ): Promise<Ran<undefined>>;
  vitals(slot?: number): PlaceVitals;
  restartWindow(slot: number): void;
  close(): Promise<void>;
}

/** The vitals count the calls of this server that wait for their jobs; the workers are elsewhere. */
export function createQueue({ redisUrl, maxQueue, log }: PlacesConfig): JobPlace {
  const admission = new Admission("queue", maxQueue, 0);
  const opening = redisUrl === undefined ? undefined : open({ redisUrl, maxQueue, log });
  const opened = (): Promise<JobQueue> => {
    if (opening === undefined) {
      throw new Error("Expected a call that needs Redis to be refused without it");
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
      // The caller may go: what Redis has is accepted, and what it has not is not.
      return admission.run(
        async () => {
          const jobs = await opened();
          await jobs.addEvent({ task: jobTaskName(task), input: toJobInput(input) }, key);
          return {
            value: undefined,
            ranOn: { place: "queue", pid: process.pid },
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

/** Its modules are loaded only by those who use them. */
async function open(config: {
  readonly redisUrl: string;
  readonly maxQueue: number;
  readonly log: (message: string) => void;
}): Promise<JobQueue> {
  const { JobQueue } = await import("../queue/job-queue.ts");
  return new JobQueue(config);
}

function toRan<Output>(outcome: unknown, submittedMs: number): Ran<Output> {
  if (!isOutcome<Output>(outcome)) {
    throw new Error(`Expected a worker to answer with an outcome, got ${JSON.stringify(outcome)}`);
  }
  if ("failure" in outcome) {
    throw fromFailureMessage(outcome.failure);
  }
  const { value, ranOn, workMs, cpuMs } = outcome;
  // The worker's clock may be another machine's, so what was not work counts as queueing.
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
