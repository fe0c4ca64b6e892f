import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";

/** Detection of peers that disconnected silently; in milliseconds. */
export interface Keepalive {
  /** Interval between PINGs, and idle time before the first TCP probe. */
  readonly keepaliveIntervalMs: number;
  /** Max time until any byte arrives after a PING; then the connection is destroyed. */
  readonly keepaliveTimeoutMs: number;
}

/** TCP probes within the timeout, before the system closes the connection. */
const probes = 4;

/**
 * Has the system send TCP probes to silent peers. They detect a lost machine or link, but not a process that
 * hangs, since its system responds; and none are sent while data waits for its acknowledgement (which Linux
 * stops after some 15 minutes).
 */
export function probe(
  socket: Socket,
  { keepaliveIntervalMs, keepaliveTimeoutMs }: Keepalive,
): void {
  // The system's unit is one second.
  const interval = Math.max(1_000, keepaliveTimeoutMs / probes);
  socket.setKeepAlive(true, keepaliveIntervalMs, interval, probes);
}

/**
 * Sends HTTP/2 PINGs, and destroys the connection when nothing arrives after one: neither the acknowledgement
 * nor anything else, which a busy peer may send before it.
 *
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
    // The timer of an earlier PING may still run.
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
