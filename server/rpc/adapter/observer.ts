import type { DescMethod } from "@bufbuild/protobuf";
import { type ConnectError, type ContextValues, createContextKey } from "@connectrpc/connect";

/** A call as its observer sees it. */
export interface ObservedCall {
  readonly method: DescMethod;
  readonly requestHeader: Headers;
  /** The same that interceptors and the handler have. */
  readonly values: ContextValues;
  /** When the request's header had come, on the clock of performance.now(). */
  readonly beganMs: number;
  /** Whether interceptors and handler got it; one that did not has failed by what its caller sent. */
  readonly isReached: boolean;
}

/**
 * Told of every request for an RPC of this server, whether its handler is reached or not: of its header, and
 * once of how it ended for its caller. A handler that is still at work then is not waited for.
 */
export interface CallObserver {
  began(): void;
  /** @param error what the caller gets, or `canceled` when it is gone; undefined for a call that succeeded */
  ended(call: ObservedCall, error: ConnectError | undefined): void;
}

const outcomeKey = createContextKey<ConnectError | undefined>(undefined, {
  description: "how the call failed",
});

/**
 * For the outermost interceptor of calls that Connect's own handlers serve: says how one failed, which the
 * adapter would have to read from its response.
 */
export function noteFailure(values: ContextValues, error: ConnectError): void {
  values.set(outcomeKey, error);
}

export function notedFailure(values: ContextValues): ConnectError | undefined {
  return values.get(outcomeKey);
}
