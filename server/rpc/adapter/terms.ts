import type { ConnectError } from "@connectrpc/connect";
import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";
import type { Exchange } from "./exchange.ts";
import type { UnaryRoute } from "./routes.ts";
import { boundedTimeoutMs } from "./timeouts.ts";

/** What a call asks for besides its message. */
export interface Terms {
  /** The time until its deadline; undefined when it has none. */
  readonly timeoutMs: number | undefined;
  /** How the request is compressed, and how the response may be. */
  readonly request: Compression | null;
  readonly response: Compression | null;
  /** What is wrong with what it asks for. */
  readonly problem: ConnectError | undefined;
}

type ParseTimeout = (
  value: string | null,
  maxTimeoutMs: number,
) => { readonly timeoutMs?: number; readonly error?: ConnectError | undefined };

/** Where a protocol has its terms in the request's header. */
export interface TermsFields {
  readonly timeout: string;
  readonly parseTimeout: ParseTimeout;
  readonly encoding: string;
  readonly acceptEncoding: string;
}

export function readTerms(
  { options, timeouts }: UnaryRoute,
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

/** Callers give the same time-out again and again. */
export function rememberLast(parseTimeout: ParseTimeout): ParseTimeout {
  let lastValue: string | null = null;
  let lastMost = 0;
  let last: ReturnType<ParseTimeout> | undefined;
  return (value, maxTimeoutMs) => {
    if (last === undefined || value !== lastValue || maxTimeoutMs !== lastMost) {
      last = parseTimeout(value, maxTimeoutMs);
      lastValue = value;
      lastMost = maxTimeoutMs;
    }
    return last;
  };
}

const none = { request: null, response: null, error: undefined };
