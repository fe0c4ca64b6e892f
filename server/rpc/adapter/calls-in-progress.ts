import type { ConnectError } from "@connectrpc/connect";
import { Deadlines } from "./deadlines.ts";
import { closeOnceAnswered, isIncomplete, requestTimedOut } from "./request-timeout.ts";
import type { UnaryCall } from "./unary-call.ts";

/** The calls that wait for their answer, of which none waits for the end of its request for ever. */
export class CallsInProgress {
  readonly #requestTimeoutMs: number;
  // A list in which each knows its place: a Set costs more, and its storage lives on (a V8 OrderedHashSet
  // that has grown old keeps all that follow it until a full garbage collection).
  readonly #calls: UnaryCall[] = [];
  readonly #deadlines = new Deadlines(this.#calls);
  // One timer for all, which stops by itself: one for each call would cost every call that is well.
  #timer: NodeJS.Timeout | undefined;
  /** Those whose request was incomplete at the last sweep. */
  #late = new WeakSet<UnaryCall>();

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

  /** Ends the calls whose request is incomplete for the second time. */
  #sweep(): void {
    if (this.#calls.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const late = new WeakSet<UnaryCall>();
    for (const call of [...this.#calls]) {
      const { stream } = call;
      if (stream === undefined || !isIncomplete(stream)) {
        continue;
      }
      late.add(call);
      if (this.#late.has(call)) {
        closeOnceAnswered(stream);
        call.abort(requestTimedOut(this.#requestTimeoutMs));
      }
    }
    this.#late = late;
  }
}
