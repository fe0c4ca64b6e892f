import type { DescMethod } from "@bufbuild/protobuf";
import { ConnectError, type ContextValues, createContextKey } from "@connectrpc/connect";
import { compressedFlag, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  codeFromHttpStatus,
  endStreamFlag,
  endStreamFromJson,
  errorFromJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerParse } from "@connectrpc/connect/protocol-grpc-web";
import { prefixBytes } from "./envelope.ts";
import { clientDisconnected } from "./errors.ts";
import type { NodeRequest } from "./exchange.ts";
import { LazyHeaders } from "./headers.ts";

export interface ObservedCall {
  readonly method: DescMethod;
  readonly requestHeader: Headers;
  /** The context values of interceptors and handler. */
  readonly values: ContextValues;
  /** Arrival of the request's header, on the clock of performance.now(). */
  readonly beganMs: number;
  /** Whether the call reached the interceptors; one that did not failed by what its caller sent. */
  readonly isReached: boolean;
}

/** Observes every request for an RPC, whether it reaches a handler or not. */
export interface CallObserver {
  /** The request's header has arrived. */
  began(): void;
  /**
   * The call has ended for its caller, once; its handler may still work.
   *
   * @param error the error of the response, `canceled` after a disconnect; undefined for success
   */
  ended(call: ObservedCall, error: ConnectError | undefined): void;
}

const outcomeKey = createContextKey<ConnectError | undefined>(undefined, {
  description: "failure of the call",
});

/** Records the failure of a call for its observer. To be called by the outermost interceptor. */
export function noteFailure(values: ContextValues, error: ConnectError): void {
  values.set(outcomeKey, error);
}

function notedFailure(values: ContextValues): ConnectError | undefined {
  return values.get(outcomeKey);
}

/** Reports a call on the fallback to an observer, once. */
export class ObservedFallbackCall implements ObservedCall {
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

  /** Returns the response with a body whose end ends the call; its last chunk may have the error. */
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
    const chunks = body[Symbol.asyncIterator]();
    let last: Uint8Array | undefined;
    return {
      next: async () => {
        const chunk = await chunks.next();
        if (chunk.done) {
          this.end(notedFailure(this.values) ?? failureIn(response, last));
        } else {
          last = chunk.value;
        }
        return chunk;
      },
      return: async () => {
        this.end(notedFailure(this.values) ?? clientDisconnected());
        return (await chunks.return?.()) ?? { done: true, value: undefined };
      },
      throw: async (error: unknown) => {
        this.end(notedFailure(this.values) ?? clientDisconnected());
        if (chunks.throw === undefined) {
          throw error;
        }
        return chunks.throw(error);
      },
    };
  }
}

type ResponseHead = Omit<UniversalServerResponse, "body">;

/**
 * Returns the error in a response of Connect's handlers, as its caller reads it; undefined for success.
 *
 * @param end last chunk of the body; undefined without a body
 */
export function failureIn(
  { status, header, trailer }: ResponseHead,
  end: Uint8Array | undefined,
): ConnectError | undefined {
  const contentType = header?.get("content-type") ?? "";
  if (status !== 200) {
    const failure = new ConnectError(`HTTP status ${status}`, codeFromHttpStatus(status));
    return end !== undefined &&
      contentType === "application/json" &&
      !header?.has("content-encoding")
      ? errorFromJsonBytes(end, undefined, failure)
      : failure;
  }
  if (trailer !== undefined) {
    return findTrailerError(trailer);
  }
  if (end === undefined || ((end[0] ?? 0) & compressedFlag) !== 0) {
    return undefined;
  }
  const data = end.subarray(prefixBytes);
  if (contentType.startsWith("application/grpc-web") && end[0] === trailerFlag) {
    return findTrailerError(trailerParse(data));
  }
  return contentType.startsWith("application/connect+") && end[0] === endStreamFlag
    ? endStreamFromJson(data).error
    : undefined;
}
