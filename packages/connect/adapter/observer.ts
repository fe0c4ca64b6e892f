import type { DescMethod } from "@bufbuild/protobuf";
import type { ConnectError, ContextValues } from "@connectrpc/connect";

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
