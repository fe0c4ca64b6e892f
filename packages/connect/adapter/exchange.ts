import { randomUUID } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { createContextKey } from "@connectrpc/connect";

/** Facts about a request besides its headers. */
export interface Caller {
  /** The request's valid `x-request-id`, or a new one. Every response carries it. */
  readonly requestId: string;
  /** Undefined after the connection has closed. */
  readonly socket: Socket | undefined;
  /** The same object for all requests of a connection. */
  readonly connection: object;
}

/** Key of the caller in the context values of every call. */
export const callerKey = createContextKey<Caller | undefined>(undefined, { description: "caller" });

const validRequestId = /^[\w.-]{1,128}$/;

/** Returns a valid id as it is, or a new one. */
export function requestIdFrom(given: string | readonly string[] | undefined): string {
  return typeof given === "string" && validRequestId.test(given) ? given : randomUUID();
}

/** Receives what happens to an exchange. */
export interface ExchangeListener {
  /** Part of the request's body. */
  onChunk(chunk: Uint8Array): void;
  /** The request is complete. Not called for one that was reset, or whose connection ended. */
  onEnd(): void;
  /** More of the response can be sent, after `write` returned false. */
  onDrain(): void;
  /**
   * Called once, when the caller has taken the whole response or has disconnected; `isOverdue` when Node's
   * server closed the connection because the request took too long.
   */
  onClosed(isOverdue: boolean): void;
}

/**
 * An HTTP request and its response. The seam between protocols (Connect, gRPC, gRPC-Web), which only use this
 * interface, and transports (HTTP/1.1, HTTP/2), which implement it.
 */
export interface Exchange extends Caller {
  /** Such as "GET" or "POST". */
  readonly method: string;
  /** Path of the request with its query. */
  readonly path: string;
  /** Full URL as the caller sees it. */
  readonly url: string;
  /** Whether the transport can send trailers. */
  readonly hasTrailers: boolean;
  /**
   * Whether the request's end is missing. Always false over HTTP/1.1, where Node's server enforces a timeout.
   */
  readonly isIncomplete: boolean;
  /** Returns a request header by its lower-case name, repeated fields joined. */
  header(name: string): string | null;
  /** Returns all request headers. */
  headers(): Headers;
  /** Starts to read the request. To be called once, while the request is handled. */
  open(listener: ExchangeListener): void;
  /** Stops the caller from sending more; what is on its way still comes. */
  pause(): void;
  resume(): void;
  /** Drops the rest of the request's body, and ends the exchange of a caller that sends too much of it. */
  discard(): void;
  /** Ends an incomplete request after its response. */
  closeAfterResponse(): void;
  /** Destroys the exchange of a caller that does not take its response. */
  cut(): void;
  /** Sends the whole response. To be called once; does nothing after a disconnect. */
  respond(response: Response): void;
  /** Sends the header of a response in parts; `write` and `end` follow. */
  start(header: Fields): void;
  /** Sends a part of the body. @returns false when more should wait for `onDrain` */
  write(chunk: Uint8Array): boolean;
  /** Ends a response in parts. */
  end(trailer: Fields | undefined): void;
}

/**
 * Fields as `toNodeHeaders` returns them: with lower-case names, and nothing that HTTP does not allow. Frozen ones
 * are shared by many calls, so an exchange may encode them once.
 */
export type Fields = Readonly<OutgoingHttpHeaders>;

export interface Response {
  readonly status: number;
  readonly header: Fields;
  readonly body?: Uint8Array | undefined;
  readonly trailer?: Fields | undefined;
}

interface AfterReads {
  /** Must not throw. */
  afterReads(): void;
}

let waiting: AfterReads[] = [];

/**
 * Calls `afterReads` after all socket reads of this turn of the event loop have been processed.
 *
 * The frames of an HTTP/2 connection are processed one by one, so a request looks complete and wanted until the
 * reset that arrived in the same packet is processed.
 */
export function callAfterReads(waiter: AfterReads): void {
  // One immediate for all calls of a turn: one per call would cost as much as a promise.
  if (waiting.push(waiter) === 1) {
    setImmediate(callAll);
  }
}

function callAll(): void {
  const all = waiting;
  waiting = [];
  for (const waiter of all) {
    waiter.afterReads();
  }
}

/** Max bytes that are read of a discarded body, so that its sender reads the response. */
export const maxDiscardedBytes = 16 * 1024 * 1024;

/**
 * Reads the body of a request of Node's servers.
 *
 * A discarded body is read to its end: its sender would not read the response otherwise (over HTTP/2 it waits
 * for its window, over HTTP/1.1 the connection would be reset).
 *
 * @param ended called at the end of the body, which Node emits for one that was cut off as well
 * @param cut ends a request whose discarded body is too long
 * @returns a function that discards the rest of the body
 */
export function readNodeBody(
  source: Readable,
  listener: ExchangeListener,
  ended: () => void,
  cut: () => void,
): () => void {
  let isDiscarding = false;
  let discardedBytes = 0;
  source.on("data", (chunk: Uint8Array) => {
    if (!isDiscarding) {
      listener.onChunk(chunk);
      return;
    }
    discardedBytes += chunk.length;
    if (discardedBytes > maxDiscardedBytes) {
      cut();
    }
  });
  source.on("end", () => {
    if (!isDiscarding) {
      ended();
    }
  });
  return () => {
    isDiscarding = true;
    source.resume();
  };
}
