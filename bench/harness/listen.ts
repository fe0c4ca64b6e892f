import { once } from "node:events";
import type { Server } from "node:net";

/** Lets a server listen on a free port of loopback. */
export async function listenLocally(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error(`Expected a port of 127.0.0.1 to listen on, got ${address}`);
  }
  return `http://127.0.0.1:${address.port}`;
}
