import { Failure } from "@unblock/errors/failure";
import type { Admission, Slot } from "./admission.ts";

/** Max duration of a task; one that takes longer is considered hung. */
export const maxTaskMs = 60_000;

/**
 * Max JavaScript heap of a thread or child process, in MiB. A task that needs more fails together
 * with its thread or process, before it takes everyone's memory; Node's own default is up to 4 GiB
 * each. The exercises need at most 20, for the largest picture.
 *
 * Buffers and typed arrays are outside V8's heap and not bounded by this. Where V8 can't interrupt
 * a step, such as growing a Map of millions, a thread that reaches the bound takes the whole server
 * down; a process never does.
 */
export const maxHeapMib = 256;

/**
 * Time that cancelled tasks have to end when an executor closes, before their threads or processes
 * are killed.
 */
export const closeMs = 100;

/**
 * A thread or process that has not ended this long after it was killed is stuck: usually blocked in
 * the kernel by a hanging disk, where nothing can end it.
 */
export const stuckMs = 2_000;

/**
 * Max stuck threads or processes of an executor that get a replacement: a quarter of its size, at
 * least one. The replacements may hang on the same resource, so the cost of a hang has to be
 * bounded.
 */
export function sparesFor(size: number): number {
  return Math.ceil(size / 4);
}

/** Backoff after a thread or process that ended while starting. */
export const startBackoffMs = 1_000;

/** Failure of a task whose thread or process ended before the task did. */
export function lostTask(executor: string, task: string, what: string, cause?: unknown): Failure {
  return new Failure("UNBLOCK_TASK_LOST", { executor, task, reason: what }, { cause });
}

/** Failure of a task that needs more memory than any thread or process of the executor has. */
export function tooLargeTask(executor: string, task: string, cause?: unknown): Failure {
  const data = { executor, task, max_mib: maxHeapMib };
  return new Failure("UNBLOCK_TASK_OUT_OF_MEMORY", data, { cause });
}

export interface StuckExecutor {
  readonly name: string;
  readonly admission: Admission;
  /** What the log calls the thing that is stuck. */
  readonly kind: "task" | "thread" | "process";
  readonly log: (message: string) => void;
}

/** Watches the end of a task that has been admitted. */
export class EndWatch {
  readonly #executor: StuckExecutor;
  readonly #slot: Slot;
  readonly #task: string;
  readonly #timers: NodeJS.Timeout[] = [];
  #isStuck = false;

  constructor(executor: StuckExecutor, slot: Slot, task: string) {
    this.#executor = executor;
    this.#slot = slot;
    this.#task = task;
  }

  /** Calls a function unless the task ends before. */
  after(ms: number, call: () => void): void {
    this.#timers.push(setTimeout(call, ms));
  }

  /** Frees the caller of a task that was stopped and still runs, and reports it. @param why it is lost */
  stick(why: string): void {
    const { name, admission, kind, log } = this.#executor;
    this.#isStuck = true;
    const failure = lostTask(name, this.#task, why);
    this.#slot.stick(failure);
    if (kind !== "process") {
      exitWithout(admission);
    }
    log(`${failure.message} Tasks of "${name}" that are stuck now: ${admission.vitals().stuck}.`);
  }

  /** To be called when the task has ended. @returns whether it was stuck */
  close(): boolean {
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
    if (this.#isStuck) {
      this.#executor.log(`A stuck ${this.#executor.kind} of "${this.#executor.name}" has ended.`);
    }
    return this.#isStuck;
  }
}

/**
 * Lets the process exit although tasks of an executor do not end. On exit, Node waits for all
 * threads, also libuv's, and waits forever for one that is blocked in the kernel. If such a task
 * still runs then, the process kills itself with SIGKILL, after all other exit listeners.
 */
export function exitWithout(admission: Admission): void {
  if (!awaited.has(admission)) {
    awaited.add(admission);
    process.once("exit", () => {
      if (admission.vitals().running > 0) {
        process.kill(process.pid, "SIGKILL");
      }
    });
  }
}

const awaited = new WeakSet<Admission>();
