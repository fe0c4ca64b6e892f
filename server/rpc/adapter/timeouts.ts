import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import { joinValues } from "./lazy-headers.ts";
import { longestTimerMs } from "./request-timeout.ts";
import type { NodeRequest } from "./stock-lane.ts";

/** Bounds of the time that a unary call may take. Streams have the deadline that their callers give them. */
export interface UnaryTimeouts {
  /** Timeout of a call whose caller gives none, in milliseconds. Default: such a call has no deadline. */
  readonly defaultTimeoutMs?: number | undefined;
  /**
   * Longest timeout of a call, in milliseconds; a longer one is shortened to it, as Envoy does with
   * `max_grpc_timeout`. Default: none.
   */
  readonly longestTimeoutMs?: number | undefined;
}

/**
 * Returns the timeout of a unary call in milliseconds; undefined when it has none.
 *
 * @param askedMs what the caller asks for; undefined when it gives no timeout
 */
export function boundedTimeoutMs(
  askedMs: number | undefined,
  { defaultTimeoutMs, longestTimeoutMs = Number.POSITIVE_INFINITY }: UnaryTimeouts,
): number | undefined {
  const timeoutMs = askedMs ?? defaultTimeoutMs;
  return timeoutMs === undefined ? undefined : Math.min(timeoutMs, longestTimeoutMs);
}

/** gRPC writes at most eight digits. */
const mostGrpcDigits = 99_999_999;

/**
 * Writes the timeout that a call really has into its request's header, where Connect's own handler reads it. A
 * timeout longer than a timer can wait is left out: Connect's timer would fire at once.
 */
export function boundTimeout(
  { headers }: NodeRequest,
  isUnary: boolean,
  timeouts: UnaryTimeouts,
): void {
  const isGrpc = /^application\/grpc/i.test(headers["content-type"] ?? "");
  const name = isGrpc ? "grpc-timeout" : "connect-timeout-ms";
  const parse = isGrpc ? parseGrpcTimeout : parseConnectTimeout;
  const asked = parse(joinValues(headers[name]), Number.POSITIVE_INFINITY);
  if (asked.error !== undefined) {
    // Connect's handler answers with it.
    return;
  }
  const timeoutMs = isUnary ? boundedTimeoutMs(asked.timeoutMs, timeouts) : asked.timeoutMs;
  if (timeoutMs === undefined || timeoutMs > longestTimerMs) {
    delete headers[name];
  } else if (timeoutMs !== asked.timeoutMs) {
    headers[name] = isGrpc ? `${Math.min(timeoutMs, mostGrpcDigits)}m` : String(timeoutMs);
  }
}
