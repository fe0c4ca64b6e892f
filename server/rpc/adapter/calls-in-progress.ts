import type { ConnectError } from "@connectrpc/connect";
import type { UnaryCall } from "./unary-call.ts";

/** The calls that wait for their answer. */
export class CallsInProgress {
  // A list in which each knows its place: a Set costs more, and its storage lives on (a V8 OrderedHashSet
  // that has grown old keeps all that follow it until a full garbage collection).
  readonly #calls: UnaryCall[] = [];

  get count(): number {
    return this.#calls.length;
  }

  add(call: UnaryCall): void {
    call.place = this.#calls.push(call) - 1;
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
}
