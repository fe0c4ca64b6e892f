import { Failure } from "../errors.ts";
import { noteGoingOn, unlessAborted } from "../give-up.ts";
import { sharedSlot, windowSlots } from "../vitals/slots.ts";
import type { PlaceVitals } from "./place.ts";

/**
 * The door of a place: at most `size` tasks are inside, at most `maxQueue` wait, first in, first out.
 *
 * Who gives up while waiting is taken out of the queue and never runs. Who gives up inside gets the
 * signal's reason at once, but the task keeps its seat until it has really ended: the place is as
 * full as it is.
 */
export class Admission {
  readonly #name: string;
  readonly #size: number;
  readonly #maxQueue: number;
  // A Set keeps the order of insertion and forgets any one waiter in constant time.
  readonly #waiting = new Set<() => void>();
  #running = 0;
  /** In each window, by its slot. */
  readonly #mostRunning = new Int32Array(windowSlots);
  #completed = 0;
  #failed = 0;
  #refused = 0;
  #withdrawn = 0;
  #cpuMs = 0;
  #wakeIdle: (() => void) | undefined;

  constructor(name: string, size: number, maxQueue: number) {
    this.#name = name;
    this.#size = size;
    this.#maxQueue = maxQueue;
  }

  /** Throws a Failure "overloaded" when nobody more may wait. */
  assertRoom(): void {
    if (this.#running >= this.#size && this.#waiting.size >= this.#maxQueue) {
      this.#refused++;
      throw new Failure(
        "overloaded",
        `The queue of "${this.#name}" is full: ${this.#running} running, ${this.#waiting.size} waiting. ` +
          "Try again later, or start the server with a larger --max-queue.",
      );
    }
  }

  /** Runs `job` when its turn has come. See {@link Admission} for what `signal` does. */
  async run<T>(job: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (signal.aborted) {
      this.#withdrawn++;
      throw signal.reason;
    }
    this.assertRoom();
    if (this.#running >= this.#size) {
      await this.#wait(signal);
    } else {
      this.#take();
    }
    let isRunning = true;
    const ended = this.#track(job).finally(() => {
      isRunning = false;
    });
    try {
      return await unlessAborted(ended, signal);
    } catch (error) {
      if (isRunning) {
        noteGoingOn(signal, ended);
      }
      throw error;
    }
  }

  vitals(slot = sharedSlot): PlaceVitals {
    return {
      name: this.#name,
      size: this.#size,
      running: this.#running,
      queued: this.#waiting.size,
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

  #take(): void {
    this.#running++;
    for (let slot = 0; slot < windowSlots; slot++) {
      this.#mostRunning[slot] = Math.max(this.#mostRunning[slot] ?? 0, this.#running);
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const enter = () => {
      signal.removeEventListener("abort", giveUp);
      this.#take();
      resolve();
    };
    const giveUp = () => {
      this.#waiting.delete(enter);
      this.#withdrawn++;
      reject(signal.reason);
    };
    this.#waiting.add(enter);
    signal.addEventListener("abort", giveUp, { once: true });
    return promise;
  }

  async #track<T>(job: () => Promise<T>): Promise<T> {
    try {
      const value = await job();
      this.#completed++;
      return value;
    } catch (error) {
      this.#failed++;
      throw error;
    } finally {
      this.#leave();
    }
  }

  #leave(): void {
    this.#running--;
    const [enter] = this.#waiting;
    if (enter) {
      this.#waiting.delete(enter);
      enter();
    } else if (this.#running === 0) {
      this.#wakeIdle?.();
    }
  }
}
