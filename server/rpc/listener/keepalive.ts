import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";

/** How a peer that vanished without a word is found; times in milliseconds. */
export interface Keepalive {
  /** Interval between the questions whether the peer is there. */
  readonly keepaliveIntervalMs: number;
  /** Time in which a byte of it must come after one; then its connection is cut. */
  readonly keepaliveTimeoutMs: number;
}

/** TCP probes within the timeout, before the system gives the connection up. */
const probes = 4;

/**
 * Has the system send TCP probes to a peer that is silent. They find a machine or a link that is gone; the system
 * of a peer that hangs answers them, and while data waits to be acknowledged there are none (Linux gives that up
 * after some 15 minutes).
 */
export function probe(
  socket: Socket,
  { keepaliveIntervalMs, keepaliveTimeoutMs }: Keepalive,
): void {
  // The system counts in whole seconds.
  const interval = Math.max(1_000, keepaliveTimeoutMs / probes);
  socket.setKeepAlive(true, keepaliveIntervalMs, interval, probes);
}

/**
 * Sends HTTP/2 PINGs, and cuts the connection of a peer of which nothing comes after one: neither the
 * acknowledgement nor anything else, which may come before it from one that is busy.
 *
 * @param socket what the session is on
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6.7
 */
export function ping(
  session: ServerHttp2Session,
  socket: Socket,
  { keepaliveIntervalMs, keepaliveTimeoutMs }: Keepalive,
): void {
  let deadline: NodeJS.Timeout | undefined;
  const interval = setInterval(() => {
    if (session.destroyed) {
      return;
    }
    const { bytesRead } = socket;
    session.ping(() => {});
    // The one before has had its time, or goes on.
    deadline ??= setTimeout(() => {
      deadline = undefined;
      if (socket.bytesRead === bytesRead) {
        socket.destroy();
      }
    }, keepaliveTimeoutMs).unref();
  }, keepaliveIntervalMs).unref();
  socket.once("close", () => {
    clearInterval(interval);
    clearTimeout(deadline);
  });
}
