import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import { LazyHeaders } from "./lazy-headers.ts";
import { type CallObserver, notedFailure, type ObservedCall } from "./observer.ts";
import { failureIn } from "./response-outcome.ts";
import type { NodeRequest } from "./stock-lane.ts";
import { callerGone } from "./unary-call.ts";

/** Tells an observer of a call that one of Connect's own handlers serves: once, however often it ends here. */
export class ObservedStockCall implements ObservedCall {
  readonly method: DescMethod;
  readonly values: ContextValues;
  readonly beganMs = performance.now();
  readonly #request: NodeRequest;
  readonly #observer: CallObserver;
  #isOver = false;

  constructor(
    observer: CallObserver,
    method: DescMethod,
    request: NodeRequest,
    values: ContextValues,
  ) {
    this.method = method;
    this.values = values;
    this.#request = request;
    this.#observer = observer;
    observer.began();
  }

  get requestHeader(): Headers {
    return new LazyHeaders(this.#request.headers);
  }

  get isReached(): boolean {
    return notedFailure(this.values) !== undefined;
  }

  end(failure: ConnectError | undefined): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#observer.ended(this, failure);
    }
  }

  /** Ends with the body of its response, whose last piece may say how. */
  watch(response: UniversalServerResponse): UniversalServerResponse {
    const { body } = response;
    if (body === undefined) {
      this.end(failureIn(response, undefined));
      return response;
    }
    const watched = { [Symbol.asyncIterator]: () => this.#watch(response, body) };
    return { ...response, body: watched };
  }

  #watch(
    response: UniversalServerResponse,
    body: AsyncIterable<Uint8Array>,
  ): AsyncIterator<Uint8Array> {
    const pieces = body[Symbol.asyncIterator]();
    let last: Uint8Array | undefined;
    return {
      next: async () => {
        const piece = await pieces.next();
        if (piece.done) {
          this.end(notedFailure(this.values) ?? failureIn(response, last));
        } else {
          last = piece.value;
        }
        return piece;
      },
      return: async () => {
        this.end(notedFailure(this.values) ?? callerGone());
        return (await pieces.return?.()) ?? { done: true, value: undefined };
      },
      throw: async (error: unknown) => {
        this.end(notedFailure(this.values) ?? callerGone());
        if (pieces.throw === undefined) {
          throw error;
        }
        return pieces.throw(error);
      },
    };
  }
}
