import { cors, type HandlerContext } from "@connectrpc/connect";
import type { Exchange, Fields } from "./adapter/exchange.ts";

/** Time that a browser may cache a preflight response, in seconds; Chrome's maximum. */
const maxAgeSeconds = 7_200;
const ownHeaders = [
  "unblock-strategy",
  "unblock-ran-on",
  "unblock-began",
  "unblock-rounds",
  "unblock-cpu-ms",
  "unblock-stored-in",
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
  /** Returns the header of the response to a preflight request; undefined for other requests. */
  readonly preflight: (exchange: Exchange) => Fields | undefined;
}

/**
 * @param origins such as "https://app.example.com", or "*" for all
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function allowOrigins(origins: readonly string[]): Cors {
  const isAllowed = (origin: string) => origins.includes(origin) || origins.includes("*");
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
    preflight: (exchange) => {
      const origin = exchange.header("origin");
      return origin !== null &&
        isAllowed(origin) &&
        exchange.header("access-control-request-method") !== null
        ? { ...preflightFields, "access-control-allow-origin": origin, vary: "origin" }
        : undefined;
    },
  };
}
