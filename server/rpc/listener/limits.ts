import type { ConnectionAge } from "./connection-age.ts";
import type { Keepalive } from "./keepalive.ts";

/** What one caller can make the server hold or wait for. */

/** The largest request message, in bytes, of RPCs that say nothing else. */
export const maxRequestBytes = 64 * 1024;
/** The largest response message, in bytes. */
export const maxResponseBytes = 4 * 1024 * 1024;
/**
 * Bytes of requests that are held at once: of all callers, and of one connection. A message takes some four
 * times its size on its way to its work.
 */
export const requestBudget = {
  maxBytes: 8 * 1024 * 1024,
  maxConnectionBytes: 6 * 1024 * 1024,
  minConnectionBytes: 64 * 1024,
};
/** The largest request header, in bytes. */
export const maxHeaderBytes = 16 * 1024;
/** Calls in progress on one HTTP/2 connection; the client keeps the others back. */
export const maxStreams = 1_000;
/** Streaming calls that are open at once, of one connection and of all. Each costs memory while it is silent. */
export const openStreamLimits = { perConnection: 100, perServer: 1_000 };
/** Those of WatchVitals, each of which watches the event loop with a timer of its own. */
export const vitalsWatchLimits = { perConnection: 4, perServer: 16 };
/** A reflection stream that asks nothing for so long ends, in milliseconds; its caller may open another. */
export const reflectionIdleMs = 60_000;
/** Node's default of 10 MB kills the streams of a burst of large requests. */
export const maxSessionMemoryMb = 64;
/** What connections may be and have. */
export interface ConnectionLimits extends Keepalive, ConnectionAge {
  /** Connections of all callers together; half of them may come from one address. */
  readonly maxConnections: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  maxConnections: 10_000,
  keepaliveIntervalMs: 60_000,
  keepaliveTimeoutMs: 20_000,
  maxConnectionAgeMs: 0,
  maxConnectionAgeGraceMs: 30_000,
};

/** How long callers may take, in milliseconds. */
export interface TimeLimits {
  /** A connection that has not said within this time which protocol it speaks is cut. */
  readonly firstByteMs: number;
  /** For a request's header over HTTP/1.1, not more than `requestMs`; over HTTP/2 `idleMs` ends half a one. */
  readonly headerMs: number;
  /**
   * For a whole request: whoever sends a byte a second does not hold a place for long. Callers may have a
   * quarter more over HTTP/1.1, and twice as long over HTTP/2. To take the answer they have twice as long.
   */
  readonly requestMs: number;
  /**
   * A connection without a call is closed after this time, and over HTTP/2 one that takes nothing of what is
   * to be sent. Longer than load balancers keep theirs.
   */
  readonly idleMs: number;
  /** A caller that does not close its side of a connection that was closed here is cut after this time. */
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
 * Streams that a client may reset at once, and then each second, before its connection is closed.
 * Callers whose deadlines pass in a storm stay below it.
 *
 * @see https://nvd.nist.gov/vuln/detail/CVE-2023-44487
 */
export const streamResets = { streamResetBurst: 2_000, streamResetRate: 500 };
