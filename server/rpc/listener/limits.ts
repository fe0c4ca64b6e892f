/** What one caller can make the server hold or wait for. */

/** The largest message that is read or written, in bytes. */
export const maxMessageBytes = 4 * 1024 * 1024;
/** The largest request header, in bytes. */
export const maxHeaderBytes = 16 * 1024;
/** Calls in progress on one HTTP/2 connection; the client keeps the others back. */
export const maxStreams = 1_000;
/** Node's default of 10 MB kills the streams of a burst of large requests. */
export const maxSessionMemoryMb = 64;
/** Connections of all callers together. */
export const maxConnections = 10_000;

/** A connection that has not said within this time which protocol it speaks is cut, in ms. */
export const firstByteMs = 10_000;
/** The time for a request's header over HTTP/1.1, in ms. */
export const headerMs = 10_000;
/** The time for a whole request, in ms: whoever sends a byte a second does not hold a place for long. */
export const requestMs = 30_000;
/** A connection without a call is closed after this time, in ms. Longer than load balancers keep theirs. */
export const idleMs = 120_000;

/**
 * Streams that a client may reset at once, and then each second, before its connection is closed.
 * Callers whose deadlines pass in a storm stay below it.
 *
 * @see https://nvd.nist.gov/vuln/detail/CVE-2023-44487
 */
export const streamResets = { streamResetBurst: 2_000, streamResetRate: 500 };
