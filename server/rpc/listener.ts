import { once } from "node:events";
import type { Server as Http1Server, IncomingMessage, ServerResponse } from "node:http";
import type {
  Http2Server,
  Http2ServerRequest,
  Http2ServerResponse,
  ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "@httptoolkit/httpolyglot";

/** A connection that has not said within this time which protocol it speaks is cut, in ms. */
const firstByteMs = 10_000;
/** Node's default of 10 MB kills the streams of a burst of large requests. */
const maxSessionMemoryMb = 64;

export type RequestHandler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** One cleartext port that speaks HTTP/1.1 and HTTP/2. */
export interface Listener {
  readonly port: number;
  /** Takes no new calls, and resolves when those in progress are answered and everyone is gone. */
  drain(): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
}

/** @throws the system's error when the address cannot be listened on, such as EADDRINUSE */
export async function listen(
  host: string,
  port: number,
  handle: RequestHandler,
): Promise<Listener> {
  let draining = false;
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();

  const server: Server = createServer(
    { http2: { maxSessionMemory: maxSessionMemoryMb } },
    (request, response) => {
      response.once("close", () => {
        if (draining) {
          // After Node itself has noticed that the connection is idle.
          setImmediate(() => http1.closeIdleConnections());
        }
      });
      handle(request, response);
    },
  );
  // The library keeps its two servers to itself, but their time-outs and their connections are ours
  // to look after.
  const http1: Http1Server = Reflect.get(server, "_httpServer");
  const http2: Http2Server = Reflect.get(server, "_http2Server");
  // This one never listens, and without the event its header time-out never starts.
  http1.emit("listening");

  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    if (draining) {
      session.close();
    }
  });
  for (const decided of [http1, http2]) {
    decided.on("connection", (socket: Socket) => undecided.delete(socket));
  }
  // prependListener, on the outer server alone: the library copies what is added with `on`.
  server.prependListener("connection", (socket: Socket) => {
    if (sockets.has(socket)) {
      return;
    }
    sockets.add(socket);
    undecided.add(socket);
    socket.setNoDelay();
    const timer = setTimeout(() => {
      if (undecided.has(socket)) {
        socket.destroy();
      }
    }, firstByteMs);
    socket.once("close", () => {
      clearTimeout(timer);
      sockets.delete(socket);
      undecided.delete(socket);
    });
  });

  server.listen(port, host);
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    drain: async () => {
      draining = true;
      const closed = new Promise((resolve) => server.close(resolve));
      http1.closeIdleConnections();
      for (const session of sessions) {
        session.close();
      }
      for (const socket of undecided) {
        socket.destroy();
      }
      await closed;
      http1.close();
    },
    cut: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}
