import type { DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { Fields } from "@unblock/http2/client";

/** An RPC that the load client can call. */
export type LoadMethod = DescMethodUnary | DescMethodServerStreaming;

/** Result of a call. Success is the RPC's status, never HTTP's. */
export interface CallResult {
  /** "ok" or the name of an RPC code, such as "unavailable". */
  readonly code: string;
  /** Message of a failure, from the server or from this client. */
  readonly message: string;
  readonly header: Fields;
  /** Index of the driver's connection that carried the call; -1 without one. */
  readonly connection: number;
  /**
   * Time at which the request was written to its connection, on this thread's `performance.now()`:
   * later than the send if no connection or stream was free.
   */
  readonly writtenMs: number;
}

export interface Call {
  readonly method: LoadMethod;
  readonly request: Message;
  readonly header: Readonly<Record<string, string>>;
  /** Deadline in milliseconds, sent to the server and enforced by the client; 0 for none. */
  readonly timeoutMs: number;
  /** Called for each message of the response as it arrives. */
  readonly onMessage?: (() => void) | undefined;
  /** Called for each part of an enveloped response's body; a view valid only during the call. */
  readonly onBody?: ((chunk: Buffer) => void) | undefined;
}

/**
 * Sends one call and reports its result once. Never throws; a call without a response fails.
 *
 * @param connection connection to use if it is free, from 0 and counted on after the last one; default:
 *   the connections in turn
 */
export type Send = (done: (result: CallResult) => void, connection?: number) => CallInProgress;

export interface CallInProgress {
  /** Cancels the call, which ends with this code and message. No effect on a call that has ended. */
  cancel(code: string, message: string): void;
}

/** Sends calls over connections that are reopened when they are lost. */
export interface Driver {
  /** Resolves when all connections can take calls; rejects with the reason of a failed attempt. */
  connect(): Promise<void>;
  /** Encodes a call once, so that each send costs little. */
  prepare(call: Call): Send;
  /** Closes the connections; calls in progress fail. */
  close(): void;
}
