import type { Http2Session } from "node:http2";
import type { Socket } from "node:net";

/** A GOAWAY whose last stream is the largest there is: no new calls, but those on their way are served. */
const shutdownNotice = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
/** How long a caller has to read it, in milliseconds. */
const noticeMs = 500;

/**
 * Ends an HTTP/2 connection without the loss of a call: says so, waits until the caller has read it (a PING comes
 * back), and only then says which call was the last. It closes after the calls in progress.
 *
 * For the first of these node:http2 has no function: after its `goaway` it drops the calls on their way. So the
 * frame is written to the socket. A TLS socket takes one write at a time and aborts the process at another, so
 * over TLS the caller hears the last call's number at once, and must repeat those that it sent meanwhile, as
 * gRPC clients do.
 *
 * @param socket what the session is on
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6.8
 */
export function goAway(session: Http2Session, socket: Socket): void {
  if (session.closed || session.destroyed) {
    return;
  }
  if (session.encrypted) {
    session.close();
    return;
  }
  const close = () => {
    clearTimeout(timer);
    if (!session.destroyed) {
      session.close();
    }
  };
  const timer = setTimeout(close, noticeMs);
  socket.write(shutdownNotice);
  session.ping(close);
}
