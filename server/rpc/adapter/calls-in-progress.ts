import type { ConnectError } from "@connectrpc/connect";
import { Deadlines } from "./deadlines.ts";
import type { UnaryCall, Wait } from "./unary-call.ts";

/** The calls until their answer is taken, of which none waits for its caller for ever. */
export class CallsInProgress {
  readonly #requestTimeoutMs: number;
  // A list in which each knows its place: a Set costs more, and its storage lives on (a V8 OrderedHashSet
  // that has grown old keeps all that follow it until a full garbage collection).
  readonly #calls: UnaryCall[] = [];
  readonly #deadlines = new Deadlines(this.#calls);
  // One timer for all, which stops by itself: one for each call would cost every call that is well.
  #timer: NodeJS.Timeout | undefined;
  /** What those waited for that waited for their caller at the last sweep. */
  #waited = new WeakMap<UnaryCall, Wait>();

  constructor(requestTimeoutMs: number) {
    this.#requestTimeoutMs = requestTimeoutMs;
  }

  add(call: UnaryCall): void {
    call.place = this.#calls.push(call) - 1;
    this.#timer ??= setInterval(() => this.#sweep(), this.#requestTimeoutMs).unref();
    if (call.deadlineMs !== undefined) {
      this.#deadlines.watch(call);
    }
  }

  delete(call: UnaryCall): void {
    const last = this.#calls.pop();
    if (last !== undefined && last !== call) {
      this.#calls[call.place] = last;
      last.place = call.place;
    }
  }

  abort(reason: ConnectError): void {
    for (const call of [...this.#calls]) {
      call.abort(reason);
    }
  }

  /** Aborts those whose request is not complete. */
  abortUnreceived(reason: ConnectError): void {
    for (const call of [...this.#calls]) {
      call.abortUnlessReceived(reason);
    }
  }

  /** Ends the calls that wait for the same thing for the second time. */
  #sweep(): void {
    if (this.#calls.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const waited = new WeakMap<UnaryCall, Wait>();
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
