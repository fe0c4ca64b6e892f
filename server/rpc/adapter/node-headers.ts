import type { OutgoingHttpHeaders } from "node:http";
import { LazyHeaders } from "./lazy-headers.ts";
import { dropUnsendable } from "./sendable-fields.ts";

/**
 * @param unchanged what they are as long as nobody has asked for web headers
 * @throws ConnectError when they have fields that can't be sent, which are dropped from them
 */
export function toNodeHeaders(
  headers: Headers | undefined,
  unchanged: Readonly<Record<string, string>>,
): Readonly<OutgoingHttpHeaders> {
  if (headers === undefined) {
    return unchanged;
  }
  if (headers instanceof LazyHeaders && headers.plain !== undefined) {
    return headers.plain;
  }
  const problem = dropUnsendable(headers);
  if (problem !== undefined) {
    throw problem;
  }
  const node: OutgoingHttpHeaders = {};
  for (const [name, value] of headers) {
    // Only cookies are not joined by commas.
    node[name] = name === "set-cookie" ? headers.getSetCookie() : value;
  }
  return node;
}

/** Connect has the trailers of a unary call in its header. */
export function addTrailers(header: OutgoingHttpHeaders, trailers: Headers): void {
  for (const [name, value] of Object.entries(toNodeHeaders(trailers, {}))) {
    header[`trailer-${name}`] = value;
  }
}
