import type { Socket } from "node:net";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/**
 * Hands on a cleartext connection with the protocol that its first bytes are of, as soon as that is known.
 *
 * `@httptoolkit/httpolyglot` does the same, but has HTTP/2 go through JavaScript streams, which costs
 * a fifth of the calls.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-3.4
 */
export function letIn(socket: Socket, serve: (isHttp2: boolean) => void): void {
  const ignore = () => {};
  socket.on("error", ignore);
  let start = Buffer.alloc(0);
  const look = () => {
    const more: Buffer | null = socket.read();
    if (more === null) {
      return;
    }
    start = Buffer.concat([start, more]);
    const compared = Math.min(start.length, preface.length);
    const isHttp2 = start.subarray(0, compared).equals(preface.subarray(0, compared));
    if (isHttp2 && compared < preface.length) {
      return;
    }
    // What was looked at is read again by whoever gets the connection; not before, or it would be
    // "readable" again and again.
    socket.off("readable", look);
    socket.unshift(start);
    socket.off("error", ignore);
    serve(isHttp2);
  };
  socket.on("readable", look);
}
