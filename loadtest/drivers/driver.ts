import type { DescMethodServerStreaming, DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { Fields } from "../transport/transport.ts";

/** An RPC that a load can be made of. */
export type LoadMethod = DescMethodUnary | DescMethodServerStreaming;

/** How a call ended. Success is the RPC's status, never HTTP's. */
export interface CallResult {
  /** "ok", or the name of the RPC's code, such as "unavailable". */
  readonly code: string;
  /** What the server says of a failure, or what went wrong on the way. */
  readonly message: string;
  readonly header: Fields;
  /** Which of the driver's connections carried it, from 0. */
  readonly connection: number;
  /**
   * When the request was written to its connection, in milliseconds of this thread's
   * `performance.now()`: later than it was asked for when no connection or stream was free.
   */
  readonly writtenMs: number;
}

export interface Call {
  readonly method: LoadMethod;
  readonly request: Message;
  readonly header: Readonly<Record<string, string>>;
  /** The deadline, in milliseconds; 0 for none. It is on the wire, and kept here too. */
  readonly timeoutMs: number;
  /** Told of each message of a server stream as it arrives. */
  readonly onMessage?: () => void;
  /** Told of each part of a gRPC response's body; a view that is only valid during the call. */
  readonly onBody?: ((chunk: Buffer) => void) | undefined;
}

/**
 * Sends one call, and tells once how it ended. It never throws, and a call without an answer fails.
 * `new Promise(send)` is the call as a promise.
 */
export type Send = (done: (result: CallResult) => void) => CallInProgress;

export interface CallInProgress {
  /** Cancels the call, which ends with this code and message. Does nothing after its end. */
  giveUp(code: string, message: string): void;
}

/** Sends calls over some connections, which it makes again when they are lost. */
export interface Driver {
  /** Resolves when all connections are up and the server's limits are known; rejects with the reason. */
  connect(): Promise<void>;
  /** Makes a call ready, so that to send it, often, costs as little as can be. */
  prepare(call: Call): Send;
  /** Cuts the connections; calls in progress fail. */
  close(): void;
}
