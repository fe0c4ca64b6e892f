import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";

/** Node's headers, without those of HTTP/2 that begin with a colon. */
export function toWebHeaders(headers: IncomingHttpHeaders): Headers {
  const web = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name.startsWith(":")) {
      continue;
    }
    if (typeof value === "string") {
      web.append(name, value);
    } else {
      for (const one of value) {
        web.append(name, one);
      }
    }
  }
  return web;
}

/** @param unchanged what they are as long as nobody has asked for web headers */
export function toNodeHeaders(
  headers: Headers | undefined,
  unchanged: Readonly<Record<string, string>>,
): OutgoingHttpHeaders {
  if (headers === undefined) {
    return { ...unchanged };
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

export function joinValues(value: string | string[] | undefined): string | null {
  return typeof value === "string" ? value : value === undefined ? null : value.join(", ");
}
