import type { ConnectError } from "@connectrpc/connect";
import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";
import type { Exchange } from "./exchange.ts";
import type { Route, UnaryTimeouts } from "./routes.ts";

/** Max delay of setTimeout, which fires at once for a longer one. */
export const maxTimerMs = 2 ** 31 - 1;

/** What a call requests besides its message. */
export interface Terms {
  /** Time until the deadline; undefined without a deadline. */
  readonly timeoutMs: number | undefined;
  /** Compression of the request. */
  readonly request: Compression | null;
  /** Compression that the response may have. */
  readonly response: Compression | null;
  /** Why the call is rejected. */
  readonly problem: ConnectError | undefined;
}

type ParseTimeout = (
  value: string | null,
  maxTimeoutMs: number,
) => { readonly timeoutMs?: number; readonly error?: ConnectError | undefined };

/** Header fields of a protocol's terms. */
export interface TermsFields {
  readonly timeout: string;
  readonly parseTimeout: ParseTimeout;
  readonly encoding: string;
  readonly acceptEncoding: string;
}

export function readTerms(
  { options, timeouts }: Route,
  exchange: Exchange,
  fields: TermsFields,
  encoding = exchange.header(fields.encoding),
): Terms {
  const accepted = exchange.header(fields.acceptEncoding);
  const compression =
    encoding === null && accepted === null
      ? none
      : compressionNegotiate(options.acceptCompression, encoding, accepted, fields.acceptEncoding);
  const timeout = fields.parseTimeout(exchange.header(fields.timeout), options.maxTimeoutMs);
  return {
    timeoutMs: boundedTimeoutMs(timeout.timeoutMs, timeouts),
    request: compression.request,
    response: compression.response,
    problem: compression.error ?? timeout.error,
  };
}

/** Caches the last result, since callers repeat the same timeout. */
export function rememberLast(parseTimeout: ParseTimeout): ParseTimeout {
  let lastValue: string | null = null;
  let lastMax = 0;
  let last: ReturnType<ParseTimeout> | undefined;
  return (value, maxTimeoutMs) => {
    if (last === undefined || value !== lastValue || maxTimeoutMs !== lastMax) {
      last = parseTimeout(value, maxTimeoutMs);
      lastValue = value;
      lastMax = maxTimeoutMs;
    }
    return last;
  };
}

/** Returns the timeout of a unary call in milliseconds; undefined for none. */
function boundedTimeoutMs(
  requestedMs: number | undefined,
  { defaultTimeoutMs, maxUnaryTimeoutMs = Number.POSITIVE_INFINITY }: UnaryTimeouts,
): number | undefined {
  const timeoutMs = requestedMs ?? defaultTimeoutMs;
  return timeoutMs === undefined ? undefined : Math.min(timeoutMs, maxUnaryTimeoutMs);
}

const none = { request: null, response: null, error: undefined };
