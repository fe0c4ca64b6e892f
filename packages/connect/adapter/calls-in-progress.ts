import type { ConnectError } from "@connectrpc/connect";
import type { Call } from "./call.ts";

/** Interval between deadline scans, in milliseconds. */
const scanMs = 50;
/** A deadline this near gets a timer, in milliseconds, since the next scan may be too late. */
const nearMs = 2 * scanMs;

/**
 * The calls whose response is not taken yet. Ends them at their deadlines, and when their callers take too
 * long.
 *
 * Most calls end long before that. Shared timers, which stop by themselves, save a timer per call.
 */
export class CallsInProgress {
  readonly #requestTimeoutMs: number;
  // An array in which each call knows its index: a Set costs more, and its storage lives on (a V8 OrderedHashSet
  // in the old generation keeps all its successors until a full garbage collection).
  readonly #calls: Call[] = [];
  #sweepTimer: NodeJS.Timeout | undefined;
  #scanTimer: NodeJS.Timeout | undefined;
  /** What calls waited for at the last sweep. */
  #waited = new WeakMap<Call, unknown>();

  constructor(requestTimeoutMs: number) {
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  add(call: Call): void {
    call.index = this.#calls.push(call) - 1;
    this.#sweepTimer ??= setInterval(() => this.#sweep(), this.#requestTimeoutMs).unref();
    if (call.context.deadlineMs !== undefined) {
      call.setTimerWhenNear(performance.now(), nearMs);
      this.#scanTimer ??= setInterval(() => this.#scanDeadlines(), scanMs).unref();
    }
  }

  delete(call: Call): void {
    const last = this.#calls.pop();
    if (last !== undefined && last !== call) {
      this.#calls[call.index] = last;
      last.index = call.index;
    }
  }

  abort(reason: ConnectError): void {
    for (const call of [...this.#calls]) {
      call.abort(reason);
    }
  }

  /** Aborts the calls whose request is not complete. */
  abortUnreceived(reason: ConnectError): void {
    for (const call of [...this.#calls]) {
      call.abortUnlessReceived(reason);
    }
  }

  #scanDeadlines(): void {
    if (this.#calls.length === 0) {
      clearInterval(this.#scanTimer);
      this.#scanTimer = undefined;
    }
    const nowMs = performance.now();
    for (const call of this.#calls) {
      call.setTimerWhenNear(nowMs, nearMs);
    }
  }

  /** Ends the calls that wait for the same thing at two consecutive sweeps. */
  #sweep(): void {
    if (this.#calls.length === 0) {
      clearInterval(this.#sweepTimer);
      this.#sweepTimer = undefined;
    }
    const waited = new WeakMap<Call, unknown>();
    for (const call of [...this.#calls]) {
      const { waitsFor } = call;
      if (waitsFor === undefined) {
        continue;
      }
      waited.set(call, waitsFor);
      if (this.#waited.get(call) === waitsFor) {
        call.endOverdue(this.#requestTimeoutMs);
      }
    }
    this.#waited = waited;
  }
}
