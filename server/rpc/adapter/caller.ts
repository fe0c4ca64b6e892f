import { randomUUID } from "node:crypto";
import { Http2ServerRequest } from "node:http2";
import type { Socket } from "node:net";
import { createContextKey } from "@connectrpc/connect";
import type { NodeRequest } from "./stock-lane.ts";

/** What is known of a request besides what its headers say. */
export interface Caller {
  /** Its valid `x-request-id`, or one made for it. Every response carries it. */
  readonly requestId: string;
  /** What the request came over; undefined when the connection is gone. */
  readonly socket: Socket | undefined;
  /** The same object for all requests of a connection. */
  readonly connection: object;
}

/** In the context values of every call. */
export const callerKey = createContextKey<Caller | undefined>(undefined, { description: "caller" });

const validRequestId = /^[\w.-]{1,128}$/;

/** The id that a request gives itself, or one made for it. */
export function requestIdFrom(given: string | readonly string[] | null | undefined): string {
  return typeof given === "string" && validRequestId.test(given) ? given : randomUUID();
}

export function callerOf(request: NodeRequest): Caller {
  return {
    requestId: requestIdFrom(request.headers["x-request-id"]),
    connection:
      request instanceof Http2ServerRequest
        ? (request.stream.session ?? request.stream)
        : request.socket,
    get socket() {
      return request.socket;
    },
  };
}
