import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export interface TestEndpoint {
  /** Such as "http://127.0.0.1:4711". */
  readonly url: string;
  readonly port: number;
  /** Count of the connections accepted so far. */
  connections(): number;
  /** Cuts all connections, and goes on listening. */
  cut(): void;
  /** Cuts all connections and stops listening. */
  close(): Promise<void>;
}

/** Lets a server listen on 127.0.0.1, by default on a free port. */
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

/** Finds a port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const endpoint = await listen(createServer());
  await endpoint.close();
  return endpoint.port;
}
