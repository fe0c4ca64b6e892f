import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { cors, type HandlerContext } from "@connectrpc/connect";
import type { Adapter } from "./adapter/adapter.ts";

/** Time that a browser may cache a preflight response, in seconds; Chrome's maximum. */
const maxAgeSeconds = 7_200;
const ownHeaders = [
  "unblock-strategy",
  "unblock-ran-on",
  "unblock-began",
  "unblock-rounds",
  "unblock-cpu-ms",
  "unblock-kept-in",
];
const exposedHeaders = [
  ...cors.exposedHeaders,
  "server-timing",
  "x-request-id",
  ...ownHeaders,
].join(", ");
const preflightFields = {
  "access-control-allow-methods": cors.allowedMethods.join(", "),
  "access-control-allow-headers": [
    ...cors.allowedHeaders,
    "unblock-strategy",
    "idempotency-key",
    "x-request-id",
  ].join(", "),
  "access-control-max-age": String(maxAgeSeconds),
};

/** CORS of the origins whose pages may call. */
export interface Cors {
  readonly isAllowed: (origin: string) => boolean;
  /** Sets the response headers that let pages read the response of a call. */
  readonly gate: (context: HandlerContext) => void;
  /** Wraps an adapter to respond to preflight requests. */
  respondToPreflights(adapter: Adapter): Adapter;
}

/**
 * @param origins such as "https://app.example.com", or "*" for all
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function allowOrigins(origins: readonly string[]): Cors {
  const isAllowed = (origin: string) => origins.includes(origin) || origins.includes("*");
  /** @returns undefined unless the request is the preflight of a page that may call */
  const preflight = (method: string | undefined, headers: IncomingHttpHeaders) => {
    const { origin } = headers;
    return method === "OPTIONS" &&
      origin !== undefined &&
      isAllowed(origin) &&
      headers["access-control-request-method"] !== undefined
      ? { ...preflightFields, "access-control-allow-origin": origin, vary: "origin" }
      : undefined;
  };
  return {
    isAllowed,
    gate: ({ requestHeader, responseHeader }) => {
      responseHeader.append("vary", "origin");
      const origin = requestHeader.get("origin");
      if (origin !== null && isAllowed(origin)) {
        responseHeader.set("access-control-allow-origin", origin);
        responseHeader.set("access-control-expose-headers", exposedHeaders);
      }
    },
    respondToPreflights: ({ handleRequest, handleStream }) => ({
      handleRequest: (request, response) => {
        const fields = preflight(request.method, request.headers);
        if (fields === undefined) {
          handleRequest(request, response);
          return;
        }
        request.resume();
        response.statusCode = 204;
        for (const [name, value] of Object.entries(fields)) {
          response.setHeader(name, value);
        }
        response.end();
      },
      handleStream: (stream, headers, flags, rawHeaders) => {
        const fields: OutgoingHttpHeaders | undefined = preflight(headers[":method"], headers);
        if (fields === undefined) {
          handleStream(stream, headers, flags, rawHeaders);
          return;
        }
        stream.on("error", () => {});
        stream.respond({ ":status": 204, ...fields }, { endStream: true });
      },
    }),
  };
}
