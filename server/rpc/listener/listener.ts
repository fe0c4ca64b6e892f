import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Adapter } from "../adapter/adapter.ts";
import { letIn } from "./front-door.ts";
import {
  firstByteMs,
  headerMs,
  idleMs,
  maxConnections,
  maxHeaderBytes,
  maxSessionMemoryMb,
  maxStreams,
  requestMs,
  streamResets,
} from "./limits.ts";

/** PEM texts. */
export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  /** When given, callers must show a certificate of this authority. */
  readonly clientCa?: string;
}

export interface ListenerConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Cleartext without it. */
  readonly tls?: TlsConfig | undefined;
}

/** One port that speaks HTTP/1.1 and HTTP/2. */
export interface Listener {
  readonly port: number;
  /** Takes no new calls, and resolves when those in progress are answered and everyone is gone. */
  drain(): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
}

/** @throws the system's error when the address cannot be listened on, such as EADDRINUSE */
export async function listen(
  { host, port, tls }: ListenerConfig,
  { handleRequest, handleStream }: Adapter,
): Promise<Listener> {
  let draining = false;
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();

  const http1 = createHttp1Server(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headerMs,
      requestTimeout: requestMs,
      keepAliveTimeout: idleMs,
    },
    (request, response) => {
      response.once("close", () => {
        if (draining) {
          // After Node itself has noticed that the connection is idle.
          setImmediate(() => http1.closeIdleConnections());
        }
      });
      handleRequest(request, response);
    },
  );
  // It never listens itself, and without the event its time-outs never start.
  http1.emit("listening");

  const http2 = createHttp2Server({
    maxSessionMemory: maxSessionMemoryMb,
    settings: { maxConcurrentStreams: maxStreams, maxHeaderListSize: maxHeaderBytes },
    ...streamResets,
  });
  http2.on("stream", handleStream);
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    // What goes wrong with a session shows in its streams.
    session.on("error", () => {});
    session.setTimeout(idleMs, () => session.close());
    if (draining) {
      session.close();
    }
  });

  const accept = (socket: Socket) => {
    sockets.add(socket);
    undecided.add(socket);
    socket.setNoDelay();
    const timer = setTimeout(() => socket.destroy(), firstByteMs);
    const decided = () => {
      clearTimeout(timer);
      undecided.delete(socket);
    };
    socket.once("close", () => {
      decided();
      sockets.delete(socket);
    });
    return decided;
  };
  const server = tls
    ? createTlsServer({
        cert: tls.cert,
        key: tls.key,
        ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true }),
        ALPNProtocols: ["h2", "http/1.1"],
        handshakeTimeout: firstByteMs,
      })
    : createTcpServer();
  server.maxConnections = maxConnections;
  if (tls) {
    server.on("secureConnection", (socket: TLSSocket) => {
      accept(socket)();
      (socket.alpnProtocol === "h2" ? http2 : http1).emit("connection", socket);
    });
  } else {
    server.on("connection", (socket: Socket) => letIn(socket, http1, http2, accept(socket)));
  }
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
