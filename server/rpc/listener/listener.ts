import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import {
  createServer as createHttp2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Adapter } from "../adapter/adapter.ts";
import { endHttp2AtAge, Http1Ages } from "./connection-age.ts";
import { limitConnections } from "./connection-limit.ts";
import { letIn } from "./front-door.ts";
import { sayGoodbye } from "./goodbye.ts";
import { keepCallsYoung } from "./keep-calls-young.ts";
import { ping, probe } from "./keepalive.ts";
import {
  type ConnectionLimits,
  defaultConnectionLimits,
  defaultTimeLimits,
  maxHeaderBytes,
  maxSessionMemoryMb,
  maxStreams,
  streamResets,
  type TimeLimits,
} from "./limits.ts";
import { Sessions } from "./sessions.ts";

/** How often it is looked for connections that have become idle while the server drains, in ms. */
const lookMs = 10;

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
  /** Whether the port is this process's alone; otherwise replicas share it, also one that is any free. Default false. */
  readonly exclusive?: boolean;
  /** Cleartext without it. */
  readonly tls?: TlsConfig | undefined;
  /** Default: `defaultTimeLimits`. */
  readonly timeLimits?: TimeLimits;
  /** Default: `defaultConnectionLimits`. */
  readonly connectionLimits?: ConnectionLimits;
  /** Takes a line for the people who run the server. Default: it is dropped. */
  readonly log?: (message: string) => void;
}

/** One port that speaks HTTP/1.1 and HTTP/2. */
export interface Listener {
  readonly port: number;
  /** How many there are. */
  readonly connections: number;
  /** Other certificates for new connections; the others stay. Without TLS it does nothing. */
  replaceTls(tls: TlsConfig): void;
  /** Takes no new calls, and resolves when those in progress are answered and everyone is gone. */
  drain(): Promise<void>;
  /** Cuts every connection. */
  cut(): void;
}

/** @throws the system's error when the address cannot be listened on, such as EADDRINUSE */
export async function listen(
  {
    host,
    port,
    exclusive = false,
    tls,
    timeLimits = defaultTimeLimits,
    connectionLimits = defaultConnectionLimits,
    log = () => {},
  }: ListenerConfig,
  { handleRequest, handleStream }: Adapter,
): Promise<Listener> {
  keepCallsYoung();
  const { firstByteMs, headerMs, requestMs, idleMs, goodbyeMs } = timeLimits;
  let draining = false;
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const sessions = new Sessions(idleMs);
  const http1Ages = new Http1Ages(connectionLimits);

  const http1 = createHttp1Server(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headerMs,
      requestTimeout: requestMs,
      // How often Node looks who is late.
      connectionsCheckingInterval: Math.ceil(Math.min(headerMs, requestMs) / 4),
      keepAliveTimeout: idleMs,
    },
    http1Ages.watch(handleRequest),
  );
  // It never listens itself, and without the event its time-outs never start.
  http1.emit("listening");

  const http2 = createHttp2Server({
    maxSessionMemory: maxSessionMemoryMb,
    settings: { maxConcurrentStreams: maxStreams, maxHeaderListSize: maxHeaderBytes },
    ...streamResets,
  });
  http2.on("stream", (stream: ServerHttp2Stream, headers, flags, rawHeaders) => {
    sessions.began(stream);
    handleStream(stream, headers, flags, rawHeaders);
  });

  const serve = (socket: Socket, isHttp2: boolean) => {
    if (!isHttp2) {
      http1Ages.add(socket);
      http1.emit("connection", socket);
      return;
    }
    const add = (session: ServerHttp2Session) => {
      sessions.add(session, socket);
      ping(session, socket, connectionLimits);
      endHttp2AtAge(session, socket, connectionLimits);
      if (draining) {
        session.close();
      }
    };
    // It comes at once, and does not tell what it is on.
    http2.once("session", add);
    http2.emit("connection", socket);
    http2.off("session", add);
  };

  const accept = (socket: Socket) => {
    undecided.add(socket);
    sayGoodbye(socket, goodbyeMs);
    const timer = setTimeout(() => socket.destroy(), firstByteMs);
    const decided = () => {
      clearTimeout(timer);
      undecided.delete(socket);
    };
    socket.once("close", decided);
    return decided;
  };
  const tlsServer = tls
    ? createTlsServer({
        ...secureContextOf(tls),
        requestCert: tls.clientCa !== undefined,
        ALPNProtocols: ["h2", "http/1.1"],
        handshakeTimeout: firstByteMs,
        noDelay: true,
      })
    : undefined;
  const server = tlsServer ?? createTcpServer({ noDelay: true });
  limitConnections(server, connectionLimits.maxConnections, log);
  // Of TLS the sockets below it, which are there before a handshake and end with it.
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    probe(socket, connectionLimits);
    socket.once("close", () => sockets.delete(socket));
  });
  if (tls) {
    // Node tells of a handshake that takes too long, and leaves it to us to end it.
    server.on("tlsClientError", (_: Error, socket: TLSSocket) => socket.destroy());
    server.on("secureConnection", (socket: TLSSocket) => {
      sayGoodbye(socket, goodbyeMs);
      serve(socket, socket.alpnProtocol === "h2");
    });
  } else {
    server.on("connection", (socket: Socket) => {
      const decided = accept(socket);
      letIn(socket, (isHttp2) => {
        decided();
        serve(socket, isHttp2);
      });
    });
  }
  server.listen({ port, host, exclusive });
  await once(server, "listening");

  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return sockets.size;
    },
    replaceTls: (next) => tlsServer?.setSecureContext(secureContextOf(next)),
    drain: async () => {
      draining = true;
      const closed = new Promise((resolve) => server.close(resolve));
      // Those that are busy now are idle when their call has been answered, and nobody tells.
      http1.closeIdleConnections();
      const looks = setInterval(() => http1.closeIdleConnections(), lookMs);
      sessions.close();
      for (const socket of undecided) {
        socket.destroy();
      }
      await closed;
      clearInterval(looks);
      http1.close();
    },
    cut: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

function secureContextOf({ cert, key, clientCa }: TlsConfig) {
  return { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}
