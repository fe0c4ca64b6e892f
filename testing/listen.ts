import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";

export interface TestEndpoint {
  /** Such as "http://127.0.0.1:4711". */
  readonly url: string;
  readonly port: number;
  /** How many connections it got so far. */
  connections(): number;
  /** Cuts all connections; new ones are welcome. */
  cut(): void;
  /** Cuts all connections, and listens no more. */
  close(): Promise<void>;
}

/** Lets a server listen on a free port, or the one given. */
export async function listen(
  server: Server,
  { scheme = "http", port = 0 }: { scheme?: "http" | "https"; port?: number } = {},
): Promise<TestEndpoint> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  return {
    url: `${scheme}://127.0.0.1:${address.port}`,
    port: address.port,
    connections: () => connections,
    cut,
    close: async () => {
      cut();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
