import { Failure } from "../errors.ts";
import type { Admission, Slot } from "./admission.ts";

/** A task that takes longer will never end, in milliseconds. */
export const longestTaskMs = 60_000;

/**
 * How much JavaScript memory a thread or a process of a place may have, in MiB. A task that wants more
 * fails, and its thread or process with it, before it takes the memory of everybody; Node's own bound
 * is up to 4 GiB for each of them. The exercises need 20 at most, for the largest picture.
 *
 * What Buffers and typed arrays hold is outside V8's heap and not bounded by this. And where V8 can't
 * stop in the middle of a step, such as the growing of a Map of millions, a thread that reaches the
 * bound ends the whole server with it; a process never does.
 */
export const maxHeapMib = 256;

/**
 * How long a place waits, when it closes, for tasks that nobody waits for any more, in milliseconds.
 * They were told to stop before, so what runs on then is ended with its thread or process.
 */
export const closeMs = 100;

/**
 * A thread or process that was made to end and has not after this time, in milliseconds, is stuck: most
 * likely blocked in the kernel, by a disk that hangs, where nothing can end it.
 */
export const stuckMs = 2_000;

/**
 * How many stuck threads or processes of a place are replaced while they have not ended. What they hang in
 * may well be waiting for their replacements too, so a hang may cost memory and threads for a quarter more
 * than the place has, at least one, and no more than that.
 */
export function sparesFor(size: number): number {
  return Math.ceil(size / 4);
}

/** How long nothing is started after what ended at its start, in milliseconds. */
export const restMs = 1_000;

/** Of a task whose thread or process ended before it did. */
export function lostTask(place: string, task: string, what: string, cause?: unknown): Failure {
  return new Failure("UNBLOCK_TASK_LOST", { executor: place, task, reason: what }, { cause });
}

/** Of a task that no thread or process of the place can do, however often it is tried. */
export function tooLargeTask(place: string, task: string, cause?: unknown): Failure {
  return new Failure(
    "UNBLOCK_TASK_OUT_OF_MEMORY",
    { executor: place, task, max_mib: maxHeapMib },
    { cause },
  );
}

export interface StuckPlace {
  readonly name: string;
  readonly admission: Admission;
  /** What of the place goes on, for messages. */
  readonly kind: "task" | "thread" | "process";
  readonly log: (message: string) => void;
}

/** Reports a task of the server's own process or of a child that goes on although it was told to end. */
export function reportStuck(
  { name, admission, kind, log }: StuckPlace,
  slot: Slot,
  task: string,
  what: string,
): void {
  const failure = lostTask(name, task, what);
  slot.stick(failure);
  if (kind !== "process") {
    exitWithout(admission);
  }
  log(`${failure.message} Tasks of "${name}" that are stuck now: ${admission.vitals().stuck}.`);
}

/** Reports that it has ended after all. */
export function reportUnstuck({ name, kind, log }: StuckPlace): void {
  log(`A ${kind} of the place "${name}" that was stuck has ended.`);
}

/**
 * Lets the process end although tasks of a place do not. When it exits Node waits for all threads, those of
 * libuv's pool included, and one that is blocked in the kernel keeps it waiting for ever. So if such a task
 * still runs at the exit, after all others that hear of the exit, the process ends itself with SIGKILL.
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
