import type { Socket } from "node:net";

/**
 * Cuts a connection whose caller does not close its side after we have closed ours. Node ends an HTTP/2
 * session so, and waits for the caller then for ever.
 */
export function sayGoodbye(socket: Socket, goodbyeMs: number): void {
  socket.once("finish", () => {
    const timer = setTimeout(() => socket.destroy(), goodbyeMs);
    socket.once("close", () => clearTimeout(timer));
  });
}
