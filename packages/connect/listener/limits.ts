import type { ConnectionOptions } from "@unblock/http2/server";
import { maxDiscardedBytes } from "../adapter/exchange.ts";

/** Bounds of what callers can make the server hold or wait for. */

/** Default max size of a request message, in bytes. */
export const maxRequestBytes = 64 * 1024;
/** Max size of a response message, in bytes. */
export const maxResponseBytes = 4 * 1024 * 1024;
/** Max bytes of requests held at once. A message takes some four times its size until its work starts. */
export const requestBudget = {
  maxBytes: 8 * 1024 * 1024,
  maxConnectionBytes: 6 * 1024 * 1024,
  minConnectionBytes: 64 * 1024,
};
/** Max size of a request header, in bytes. */
export const maxHeaderBytes = 16 * 1024;
/** Max calls in progress per HTTP/2 connection; the client holds others back. */
export const maxStreams = 1_000;
/** Max open streaming calls, each of which costs memory while it is silent. */
export const openStreamLimits = { perConnection: 100, perServer: 1_000 };
/** Max open WatchVitals streams, each of which runs a timer. */
export const vitalsWatchLimits = { perConnection: 4, perServer: 16 };
/** Idle time after which a reflection stream ends, in milliseconds; its caller may open another. */
export const reflectionIdleMs = 60_000;
/** Max bytes that all HTTP/2 connections buffer of requests that are not read, and responses that are not taken. */
export const maxBufferedBytes = 128 * 1024 * 1024;
/** The same for one connection. */
const maxConnectionBufferedBytes = 32 * 1024 * 1024;
/** Memory per session of node:http2. Its default of 10 MB rejects streams of a burst of large requests. */
export const maxSessionMemoryMb = 64;

/** Limits of connections; times are in milliseconds. */
export interface ConnectionLimits {
  /** Max open connections; half of them may come from one address. */
  readonly maxConnections: number;
  /** Interval between PINGs, and idle time before the first TCP probe. They detect peers that left silently. */
  readonly keepaliveIntervalMs: number;
  /** Max time until any byte arrives after a PING; then the connection is destroyed. */
  readonly keepaliveTimeoutMs: number;
  /**
   * Age at which a connection takes no more calls, 10 % more or less; 0 for no limit. Clients that connect again
   * spread over servers that were added.
   */
  readonly maxConnectionAgeMs: number;
  /** Time after that for calls in progress; then the connection is destroyed. */
  readonly maxConnectionAgeGraceMs: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  maxConnections: 10_000,
  keepaliveIntervalMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  maxConnectionAgeMs: 0,
  maxConnectionAgeGraceMs: 30_000,
};

/** Max time that callers may take, in milliseconds. */
export interface TimeLimits {
  /** Until the first bytes of a connection show its protocol. */
  readonly firstByteMs: number;
  /** For a request header over HTTP/1.1, at most `requestMs`. Over HTTP/2 `idleMs` ends an incomplete one. */
  readonly headerMs: number;
  /**
   * For a complete request. Enforced up to a quarter later over HTTP/1.1, and up to twice the time over HTTP/2.
   * Taking the response may last twice as long.
   */
  readonly requestMs: number;
  /**
   * Without a call, or over HTTP/2 without taking pending output; then the connection is closed. Longer than
   * the idle time of load balancers.
   */
  readonly idleMs: number;
  /** Until the peer closes its side of a connection that the server has closed. */
  readonly goodbyeMs: number;
}

export const defaultTimeLimits: TimeLimits = {
  firstByteMs: 10_000,
  headerMs: 10_000,
  requestMs: 30_000,
  idleMs: 120_000,
  goodbyeMs: 5_000,
};

/**
 * Streams that a client may reset at once, and then per second, before its connection is closed. Deadlines that
 * pass together stay below it.
 *
 * @see https://nvd.nist.gov/vuln/detail/CVE-2023-44487
 */
export const streamResets = { streamResetBurst: 2_000, streamResetRate: 500 };

/** Limits of a connection of this project's HTTP/2. */
export function http2Options(
  { firstByteMs, requestMs, idleMs }: TimeLimits,
  limits: ConnectionLimits,
): ConnectionOptions {
  const { streamResetBurst, streamResetRate } = streamResets;
  return {
    maxConcurrentStreams: maxStreams,
    maxHeaderBytes,
    maxBufferedBytes: maxConnectionBufferedBytes,
    maxDroppedBytes: maxDiscardedBytes,
    rates: { resetsReceived: { burst: streamResetBurst, perSecond: streamResetRate } },
    handshakeTimeoutMs: firstByteMs,
    frameTimeoutMs: requestMs,
    bodyTimeoutMs: requestMs,
    sendTimeoutMs: 2 * requestMs,
    idleTimeoutMs: idleMs,
    pingIntervalMs: limits.keepaliveIntervalMs,
    pingTimeoutMs: limits.keepaliveTimeoutMs,
    maxAgeMs: limits.maxConnectionAgeMs,
    drainTimeoutMs: limits.maxConnectionAgeGraceMs,
  };
}
