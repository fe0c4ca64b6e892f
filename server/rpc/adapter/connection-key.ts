import { Http2ServerRequest } from "node:http2";
import { createContextKey } from "@connectrpc/connect";
import type { NodeRequest } from "./stock-lane.ts";

/** The connection that a streaming call came on, an object to compare; undefined for unary calls. */
export const connectionKey = createContextKey<object | undefined>(undefined, {
  description: "connection of a streaming call",
});

export function connectionOf(request: NodeRequest): object | undefined {
  return request instanceof Http2ServerRequest ? request.stream.session : request.socket;
}
