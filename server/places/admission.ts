import { Failure } from "../errors.ts";
import { noteGoingOn } from "../give-up.ts";
import { type PlaceVitals, sharedSlot, type TaskCall, windowSlots } from "./place.ts";

/** What a job inside can say of itself. */
export interface Slot {
  /**
   * The job goes on although it was told to end. Its caller gets `failure` at once, if one still waits. The
   * job keeps the slot and counts as stuck until it has ended; a spare slot takes its place if there is one.
   */
  stick(failure: Failure): void;
}

/**
 * The door of a place: at most `size` tasks are inside, at most `maxQueue` wait.
 *
 * The tasks of a connection come in first in, first out, and the connections take turns: whoever asks for
 * one task does not wait behind a thousand of another's. And no connection takes the whole queue: it may
 * have no more tasks in it than there is room left for others, so a connection alone gets half. Where
 * nobody waits (`maxQueue` 0) the same bound is on its tasks inside. The server's own tasks, without a
 * connection, take turns like those of one more connection, and have no such bound.
 *
 * Who gives up while waiting is taken out of the queue and never runs. Who gives up inside gets the
 * signal's reason at once, but the task keeps its slot until it has really ended: the place is as
 * full as it is. A task that does not end when it is made to is stuck. For the first `maxSpares` stuck
 * tasks others are let in, so that a few of them do not shut the place. When no slot is left that is not
 * stuck, tasks fail at once with "unavailable", and so do those that wait.
 */
export class Admission {
  readonly #name: string;
  readonly #size: number;
  readonly #maxQueue: number;
  readonly #maxSpares: number;
  // Sets and maps keep the order of insertion and forget any one element in constant time. The connection
  // whose turn is next comes first.
  readonly #waiting = new Map<object | undefined, Set<Waiter>>();
  /** Tasks inside by connection; only kept where nobody waits. */
  readonly #inside = new Map<object, number>();
  #queued = 0;
  #running = 0;
  #stuck = 0;
  /** In each window, by its slot. */
  readonly #mostRunning = new Int32Array(windowSlots);
  #completed = 0;
  #failed = 0;
  #refused = 0;
  #withdrawn = 0;
  #cpuMs = 0;
  #wakeIdle: (() => void) | undefined;

  constructor(name: string, size: number, maxQueue: number, maxSpares = 0) {
    this.#name = name;
    this.#size = size;
    this.#maxQueue = maxQueue;
    this.#maxSpares = maxSpares;
  }

  /** Throws a Failure "overloaded" when the task may not wait, "unavailable" when all slots are stuck. */
  assertRoom(connection: object | undefined): void {
    const problem = this.#isShut ? this.#shut() : this.#lackOfRoom(connection);
    if (problem !== undefined) {
      this.#refused++;
      throw problem;
    }
  }

  /** Runs `job` when its turn has come. See {@link Admission} for what the signal does. */
  async run<T>(job: (slot: Slot) => Promise<T>, { signal, connection }: TaskCall): Promise<T> {
    if (signal.aborted) {
      this.#withdrawn++;
      throw signal.reason;
    }
    this.assertRoom(connection);
    if (this.#isFull) {
      await this.#wait(signal, connection);
    } else {
      this.#take();
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const giveUp = () => reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
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
      signal.removeEventListener("abort", giveUp);
    }
  }

  vitals(slot = sharedSlot): PlaceVitals {
    return {
      name: this.#name,
      size: this.#size,
      running: this.#running,
      queued: this.#queued,
      stuck: this.#stuck,
      mostRunning: this.#mostRunning[slot] ?? 0,
      completed: this.#completed,
      failed: this.#failed,
      refused: this.#refused,
      withdrawn: this.#withdrawn,
      cpuMs: this.#cpuMs,
    };
  }

  /** Counts what a task took of a core that is not the event loop's. */
  addCpu(ms: number): void {
    this.#cpuMs += ms;
  }

  restartWindow(slot: number): void {
    this.#mostRunning[slot] = this.#running;
  }

  /** Counts from now on what has ended, and its CPU time; in everybody's window also the most that ran. */
  restartCounts(): void {
    this.#completed = 0;
    this.#failed = 0;
    this.#refused = 0;
    this.#withdrawn = 0;
    this.#cpuMs = 0;
    this.restartWindow(sharedSlot);
  }

  /** Resolves when nothing runs and nothing waits, or after `withinMs`. */
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

  /** Whether all slots are stuck, the spare ones included. */
  get #isShut(): boolean {
    return this.#stuck >= this.#size + this.#maxSpares;
  }

  #shut(): Failure {
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
      this.#mostRunning[slot] = Math.max(this.#mostRunning[slot] ?? 0, this.#running);
    }
  }

  #wait(signal: AbortSignal, connection: object | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const line = this.#waiting.get(connection) ?? new Set();
    const leave = () => {
      signal.removeEventListener("abort", giveUp);
      line.delete(waiter);
      this.#queued--;
      if (line.size === 0) {
        this.#waiting.delete(connection);
      }
    };
    const giveUp = () => {
      leave();
      this.#withdrawn++;
      reject(signal.reason);
    };
    const waiter: Waiter = {
      enter: () => {
        leave();
        this.#take();
        resolve();
      },
      turnAway: (failure) => {
        leave();
        this.#refused++;
        reject(failure);
      },
    };
    line.add(waiter);
    this.#queued++;
    this.#waiting.set(connection, line);
    signal.addEventListener("abort", giveUp, { once: true });
    return promise;
  }

  async #track<T>(
    job: (slot: Slot) => Promise<T>,
    connection: object | undefined,
    answer: (failure: Failure) => void,
  ): Promise<T> {
    let isStuck = false;
    const stick = (failure: Failure) => {
      isStuck = true;
      this.#stuck++;
      answer(failure);
      this.#letIn();
    };
    this.#countInside(connection, 1);
    try {
      const value = await job({ stick });
      this.#completed++;
      return value;
    } catch (error) {
      this.#failed++;
      throw error;
    } finally {
      this.#stuck -= isStuck ? 1 : 0;
      this.#running--;
      this.#countInside(connection, -1);
      this.#letIn();
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

  /** Lets in whose turn it is, as many as there are slots, or turns all away when no slot will be free. */
  #letIn(): void {
    for (const [connection, line] of this.#waiting) {
      if (this.#isShut) {
        for (const waiter of line) {
          waiter.turnAway(this.#shut());
        }
      } else if (this.#isFull) {
        return;
      } else {
        // To the end: then the others have their turns.
        this.#waiting.delete(connection);
        this.#waiting.set(connection, line);
        const [first] = line;
        first?.enter();
      }
    }
  }
}

interface Waiter {
  enter(): void;
  turnAway(failure: Failure): void;
}
