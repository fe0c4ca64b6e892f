import { Failure } from "@unblock/errors/failure";
import { type ExecutorVitals, sharedSlot, type TaskCall, windowSlots } from "./executor.ts";
import { noteGoingOn } from "./waiting.ts";

/** Passed to a job that has been admitted. */
export interface Slot {
  /**
   * Marks the job as stuck: it keeps running although it was stopped. Rejects its caller with
   * `failure` at once. The job keeps its slot until it ends; a spare slot replaces it if there is
   * one.
   */
  stick(failure: Failure): void;
}

/**
 * Admits tasks to an executor: at most `size` run, at most `maxQueue` wait.
 *
 * Tasks of one connection start in order, and connections take turns. A connection may have no more
 * tasks in the queue than there is room left for others, so one connection alone gets half of it.
 * With `maxQueue` 0 the same bound applies to its running tasks. The server's own tasks, which have
 * no connection, take turns as one more connection without that bound.
 *
 * A task whose signal aborts while it waits never runs. If it already runs, its caller gets the
 * signal's reason at once, and the task keeps its slot until it has really ended. A task that does
 * not end after it was stopped is stuck: the first `maxSpares` stuck tasks get a replacement. When
 * all slots are stuck, new and waiting tasks fail with "unavailable".
 */
export class Admission {
  readonly #name: string;
  readonly #size: number;
  readonly #maxQueue: number;
  readonly #maxSpares: number;
  // Maps and sets keep insertion order and delete in constant time. The connection whose turn is
  // next comes first.
  readonly #waiting = new Map<object | undefined, Set<Waiter>>();
  /** Running tasks per connection; only kept when `maxQueue` is 0. */
  readonly #inside = new Map<object, number>();
  #queued = 0;
  #running = 0;
  #stuck = 0;
  /** Per window, by its slot. */
  readonly #maxRunning = new Int32Array(windowSlots);
  #counts = noCounts();
  #wakeIdle: (() => void) | undefined;

  constructor(name: string, size: number, maxQueue: number, maxSpares = 0) {
    this.#name = name;
    this.#size = size;
    this.#maxQueue = maxQueue;
    this.#maxSpares = maxSpares;
  }

  /**
   * @throws Failure "overloaded" when the task may not wait, "unavailable" when all slots are stuck
   */
  assertRoom(connection: object | undefined): void {
    const problem = this.#isShut ? this.#stuckFailure() : this.#lackOfRoom(connection);
    if (problem !== undefined) {
      this.#counts.rejected++;
      throw problem;
    }
  }

  /** Runs `job` in turn; {@link Admission} says what the signal does. */
  async run<T>(job: (slot: Slot) => Promise<T>, { signal, connection }: TaskCall): Promise<T> {
    if (signal.aborted) {
      this.#counts.cancelled++;
      throw signal.reason;
    }
    this.assertRoom(connection);
    if (this.#isFull) {
      await this.#wait(signal, connection);
    } else {
      this.#take();
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    let isRunning = true;
    const ended = this.#track(job, connection, reject).finally(() => {
      isRunning = false;
    });
    ended.then(resolve, reject);
    try {
      return await promise;
    } catch (error) {
      if (isRunning) {
        noteGoingOn(signal, ended);
      }
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  vitals(slot = sharedSlot): ExecutorVitals {
    return {
      name: this.#name,
      size: this.#size,
      running: this.#running,
      queued: this.#queued,
      stuck: this.#stuck,
      maxRunning: this.#maxRunning[slot] ?? 0,
      ...this.#counts,
    };
  }

  /** Adds CPU time that a task used outside the event loop. */
  addCpu(ms: number): void {
    this.#counts.cpuMs += ms;
  }

  restartWindow(slot: number): void {
    this.#maxRunning[slot] = this.#running;
  }

  /** Resets the counts of ended tasks, their CPU time, and the shared window's maximum. */
  restartCounts(): void {
    this.#counts = noCounts();
    this.restartWindow(sharedSlot);
  }

  /** Resolves when nothing runs or waits, at the latest after `withinMs`. */
  async idle(withinMs: number): Promise<void> {
    if (this.#running > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wakeIdle = resolve;
      const timer = setTimeout(resolve, withinMs);
      await promise;
      clearTimeout(timer);
    }
  }

  get #isFull(): boolean {
    return this.#running - Math.min(this.#stuck, this.#maxSpares) >= this.#size;
  }

  /** Whether all slots are stuck, spare slots included. */
  get #isShut(): boolean {
    return this.#stuck >= this.#size + this.#maxSpares;
  }

  #stuckFailure(): Failure {
    return new Failure("UNBLOCK_EXECUTOR_STUCK", { stuck: this.#stuck, executor: this.#name });
  }

  #lackOfRoom(connection: object | undefined): Failure | undefined {
    const hasQueue = this.#maxQueue > 0;
    if (hasQueue && !this.#isFull) {
      return undefined;
    }
    const [room, taken] = hasQueue ? [this.#maxQueue, this.#queued] : [this.#size, this.#running];
    if (taken >= room) {
      return new Failure("UNBLOCK_QUEUE_FULL", {
        executor: this.#name,
        running: this.#running,
        waiting: this.#queued,
      });
    }
    if (connection === undefined) {
      return undefined;
    }
    const own = hasQueue
      ? (this.#waiting.get(connection)?.size ?? 0)
      : (this.#inside.get(connection) ?? 0);
    return own > room - taken
      ? new Failure("UNBLOCK_SHARE_USED", {
          own,
          room,
          be: hasQueue ? "wait for" : "be in progress in",
          executor: this.#name,
        })
      : undefined;
  }

  #take(): void {
    this.#running++;
    for (let slot = 0; slot < windowSlots; slot++) {
      this.#maxRunning[slot] = Math.max(this.#maxRunning[slot] ?? 0, this.#running);
    }
  }

  #wait(signal: AbortSignal, connection: object | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const line = this.#waiting.get(connection) ?? new Set();
    const leave = () => {
      signal.removeEventListener("abort", onAbort);
      line.delete(waiter);
      this.#queued--;
      if (line.size === 0) {
        this.#waiting.delete(connection);
      }
    };
    const onAbort = () => {
      leave();
      this.#counts.cancelled++;
      reject(signal.reason);
    };
    const waiter: Waiter = (failure) => {
      leave();
      if (failure === undefined) {
        this.#take();
        resolve();
      } else {
        this.#counts.rejected++;
        reject(failure);
      }
    };
    line.add(waiter);
    this.#queued++;
    this.#waiting.set(connection, line);
    signal.addEventListener("abort", onAbort, { once: true });
    return promise;
  }

  async #track<T>(
    job: (slot: Slot) => Promise<T>,
    connection: object | undefined,
    respond: (failure: Failure) => void,
  ): Promise<T> {
    let isStuck = false;
    const stick = (failure: Failure) => {
      isStuck = true;
      this.#stuck++;
      respond(failure);
      this.#admitWaiting();
    };
    this.#countInside(connection, 1);
    try {
      const value = await job({ stick });
      this.#counts.completed++;
      return value;
    } catch (error) {
      this.#counts.failed++;
      throw error;
    } finally {
      this.#stuck -= isStuck ? 1 : 0;
      this.#running--;
      this.#countInside(connection, -1);
      this.#admitWaiting();
      if (this.#running === 0) {
        this.#wakeIdle?.();
      }
    }
  }

  #countInside(connection: object | undefined, change: 1 | -1): void {
    if (this.#maxQueue > 0 || connection === undefined) {
      return;
    }
    const inside = (this.#inside.get(connection) ?? 0) + change;
    if (inside > 0) {
      this.#inside.set(connection, inside);
    } else {
      this.#inside.delete(connection);
    }
  }

  /** Starts waiting tasks while slots are free, or rejects them all when every slot is stuck. */
  #admitWaiting(): void {
    for (const [connection, line] of this.#waiting) {
      if (this.#isShut) {
        for (const waiter of line) {
          waiter(this.#stuckFailure());
        }
      } else if (this.#isFull) {
        return;
      } else {
        // Moves the connection to the end of the line.
        this.#waiting.delete(connection);
        this.#waiting.set(connection, line);
        const [first] = line;
        first?.();
      }
    }
  }
}

/** Counts of ended tasks, and their CPU time. */
function noCounts() {
  return { completed: 0, failed: 0, rejected: 0, cancelled: 0, cpuMs: 0 };
}

/** Starts a waiting task, or rejects it. */
type Waiter = (failure?: Failure) => void;
