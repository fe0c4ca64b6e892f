import { randomUUID } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { createContextKey } from "@connectrpc/connect";
import type { BodyReader, RequestBody } from "./request-body.ts";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

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
export function requestIdFrom(given: string | readonly string[] | null | undefined): string {
  return typeof given === "string" && validRequestId.test(given) ? given : randomUUID();
}

/**
 * An HTTP request and its response. The seam between protocols (Connect, gRPC, gRPC-Web), which only use this
 * interface, and transports (HTTP/1.1, HTTP/2), which implement it.
 */
export interface Exchange extends Caller {
  /** "GET" or "POST". */
  readonly method: string;
  /** Path of the request with its query. */
  readonly path: string;
  /** Full URL as the caller sees it. */
  readonly url: string;
  /** Whether the transport can send trailers. */
  readonly hasTrailers: boolean;
  /** Whether the request was reset, or its connection ended, before the response. */
  readonly isCutOff: boolean;
  /**
   * Whether the request's end is missing. Always false over HTTP/1.1, where Node's server enforces a timeout.
   */
  readonly isIncomplete: boolean;
  /** Returns a request header by its lower-case name, repeated fields joined. */
  header(name: string): string | null;
  /** Returns all request headers. */
  headers(): Headers;
  /** Reads the request's body. To be called once. */
  read(maxBytes: number, reader: BodyReader): RequestBody;
  /** Calls the reader's `onDelivered` once a reset that arrived with the body is known. */
  deliver(body: Uint8Array, reader: BodyReader): void;
  /**
   * Calls `closed` once, when the caller has taken the whole response or has disconnected; `isOverdue` when
   * Node's server closed the connection because the request took too long.
   */
  onClosed(closed: (isOverdue: boolean) => void): void;
  /** Ends an incomplete request after its response. */
  closeAfterResponse(): void;
  /** Destroys the exchange of a caller that does not take its response. */
  cut(): void;
  /** Sends the response. To be called once; does nothing after a disconnect. */
  respond(response: Response): void;
}

export interface Response {
  readonly status: number;
  readonly header: Readonly<OutgoingHttpHeaders>;
  readonly body?: Uint8Array;
  readonly trailer?: Readonly<OutgoingHttpHeaders>;
}
