import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { setFlagsFromString } from "node:v8";
import { createServerConnection, MemoryBudget, type ServerConnection } from "@unblock/http2/server";
import type { Adapter } from "../adapter/adapter.ts";
import { Http1Ages } from "./connection-age.ts";
import { limitConnections } from "./connection-limit.ts";
import {
  type ConnectionLimits,
  defaultConnectionLimits,
  defaultTimeLimits,
  http2Options,
  maxBufferedBytes,
  maxHeaderBytes,
  type TimeLimits,
} from "./limits.ts";
import { type Http2Connections, serveWithNode } from "./node-http2.ts";

/** Poll interval for idle HTTP/1.1 connections while the server drains, in milliseconds. */
const drainPollMs = 10;
/** TCP probes within the timeout, before the system closes the connection. */
const probes = 4;
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** PEM texts. */
export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  /** Authority of client certificates, which are required when it is set. */
  readonly clientCa?: string;
}

export interface ListenerConfig {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Whether only this process may listen on the port; replicas share it otherwise. Default false. */
  readonly exclusive?: boolean;
  /** Cleartext without it. */
  readonly tls?: TlsConfig | undefined;
  /** Default: `defaultTimeLimits`. */
  readonly timeLimits?: TimeLimits;
  /** Default: `defaultConnectionLimits`. */
  readonly connectionLimits?: ConnectionLimits;
  /** Default: "unblock". */
  readonly http2?: Http2Implementation;
  /** Receives lines for the operator. Default: they are dropped. */
  readonly log?: (message: string) => void;
}

/** What serves HTTP/2: this project's own implementation, or Node's, which is slower. */
export const http2Implementations = ["unblock", "node"] as const;
export type Http2Implementation = (typeof http2Implementations)[number];

/** A port that serves HTTP/1.1 and HTTP/2. */
export interface Listener {
  readonly port: number;
  /** Number of open connections. */
  readonly connections: number;
  /** Sets the certificates of new connections. Without TLS it does nothing. */
  replaceTls(tls: TlsConfig): void;
  /** Takes no new calls; resolves when the calls in progress have ended and all connections are closed. */
  drain(): Promise<void>;
  /** Destroys all connections. */
  cut(): void;
}

/** @throws the system's error when it cannot listen on the address, such as EADDRINUSE */
export async function listen(
  {
    host,
    port,
    exclusive = false,
    tls,
    timeLimits = defaultTimeLimits,
    connectionLimits = defaultConnectionLimits,
    http2: implementation = "unblock",
    log = () => {},
  }: ListenerConfig,
  adapter: Adapter,
): Promise<Listener> {
  keepCallsYoung();
  const { firstByteMs, headerMs, requestMs, idleMs, goodbyeMs } = timeLimits;
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const http1Ages = new Http1Ages(connectionLimits);

  const http1 = createHttp1Server(
    {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headerMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.ceil(Math.min(headerMs, requestMs) / 4),
      keepAliveTimeout: idleMs,
    },
    http1Ages.watch(adapter.handleRequest),
  );
  // The server never listens itself, and its timeouts start with this event.
  http1.emit("listening");

  const http2 = (implementation === "node" ? serveWithNode : serveWithOwn)(
    adapter,
    timeLimits,
    connectionLimits,
  );

  const serve = (socket: Socket, isHttp2: boolean) => {
    if (isHttp2) {
      http2.serve(socket);
    } else {
      http1Ages.add(socket);
      http1.emit("connection", socket);
    }
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
  // With TLS these are the TCP sockets below it, which exist before the handshake.
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    probe(socket, connectionLimits);
    socket.once("close", () => sockets.delete(socket));
  });
  if (tls) {
    // Node reports a handshake that takes too long, and leaves the socket open.
    server.on("tlsClientError", (_: Error, socket: TLSSocket) => socket.destroy());
    server.on("secureConnection", (socket: TLSSocket) => {
      destroyHalfClosed(socket, goodbyeMs);
      serve(socket, socket.alpnProtocol === "h2");
    });
  } else {
    server.on("connection", (socket: Socket) => {
      destroyHalfClosed(socket, goodbyeMs);
      undecided.add(socket);
      const timer = setTimeout(() => socket.destroy(), firstByteMs);
      const decided = () => {
        clearTimeout(timer);
        undecided.delete(socket);
      };
      socket.once("close", decided);
      detectProtocol(socket, (isHttp2) => {
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
      const closed = new Promise((resolve) => server.close(resolve));
      // Busy connections become idle later, for which there is no event.
      http1.closeIdleConnections();
      const polls = setInterval(() => http1.closeIdleConnections(), drainPollMs);
      http2.close();
      for (const socket of undecided) {
        socket.destroy();
      }
      await closed;
      clearInterval(polls);
      http1.close();
    },
    cut: () => {
      for (const socket of sockets) {
        socket.destroy();
      }
    },
  };
}

function serveWithOwn(
  { serveStream }: Adapter,
  timeLimits: TimeLimits,
  connectionLimits: ConnectionLimits,
): Http2Connections {
  const connections = new Set<ServerConnection>();
  const budget = new MemoryBudget(maxBufferedBytes);
  const options = { ...http2Options(timeLimits, connectionLimits), budget };
  let isClosing = false;
  return {
    serve: (socket) => {
      const connection = createServerConnection(
        socket,
        options,
        (stream) => serveStream(stream, socket),
        { onClosed: () => connections.delete(connection) },
      );
      connections.add(connection);
      if (isClosing) {
        connection.shutDown();
      }
    },
    close: () => {
      isClosing = true;
      for (const connection of connections) {
        connection.shutDown();
      }
    },
  };
}

function secureContextOf({ cert, key, clientCa }: TlsConfig) {
  return { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

/**
 * Serves a cleartext connection once its first bytes show whether it is HTTP/2.
 *
 * `@httptoolkit/httpolyglot` does the same, but passes HTTP/2 through JavaScript streams, which costs a fifth
 * of the calls.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-3.4
 */
function detectProtocol(socket: Socket, serve: (isHttp2: boolean) => void): void {
  const ignore = () => {};
  socket.on("error", ignore);
  let start = Buffer.alloc(0);
  const readStart = () => {
    const more: Buffer | null = socket.read();
    if (more === null) {
      return;
    }
    start = Buffer.concat([start, more]);
    const compared = Math.min(start.length, http2Preface.length);
    const isHttp2 = start.subarray(0, compared).equals(http2Preface.subarray(0, compared));
    if (isHttp2 && compared < http2Preface.length) {
      return;
    }
    // Unshifted after the listener is removed, which would be called again otherwise.
    socket.off("readable", readStart);
    socket.unshift(start);
    socket.off("error", ignore);
    serve(isHttp2);
  };
  socket.on("readable", readStart);
}

/**
 * Has the system send TCP probes to silent peers. They detect a lost machine or link, but not a process that
 * hangs, since its system responds; and none are sent while data waits for its acknowledgement (which Linux
 * stops after some 15 minutes).
 */
function probe(
  socket: Socket,
  { keepaliveIntervalMs, keepaliveTimeoutMs }: ConnectionLimits,
): void {
  // The system's unit is one second.
  const interval = Math.max(1_000, keepaliveTimeoutMs / probes);
  socket.setKeepAlive(true, keepaliveIntervalMs, interval, probes);
}

/**
 * Destroys a connection whose peer does not close its side after the server has closed its own. Node ends an
 * HTTP/2 session so, and would wait for the peer forever.
 */
function destroyHalfClosed(socket: Socket, goodbyeMs: number): void {
  socket.once("finish", () => {
    const timer = setTimeout(() => socket.destroy(), goodbyeMs);
    socket.once("close", () => clearTimeout(timer));
  });
}

/**
 * Has V8 allocate the objects of calls in the young generation, for the whole process.
 *
 * V8 watches the first hundreds of objects that a literal makes; when most outlive a scavenge, it allocates all
 * later ones in the old generation. `process.nextTick` keeps its arguments in such a literal, and the first it
 * sees are connections that a load opens at once. From then on the arguments of every tick are in the old
 * generation: dead at once, but until a full collection they keep the request, and with it its whole call. With
 * 50 connections a scavenge then promoted 7 MB of 8 and took 20 ms instead of 0.7.
 */
function keepCallsYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
