import {
  createServer,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { Adapter } from "../adapter/adapter.ts";
import { atMaxAge, whileOpen } from "./connection-age.ts";
import {
  type ConnectionLimits,
  maxHeaderBytes,
  maxSessionMemoryMb,
  maxStreams,
  streamResets,
  type TimeLimits,
} from "./limits.ts";

/** Polls per idle time. */
const pollsPerIdleTime = 4;

/** The HTTP/2 connections of a listener. */
export interface Http2Connections {
  serve(socket: Socket): void;
  /** Ends all connections, and those that are still to come, after their calls in progress. */
  close(): void;
}

/** Serves HTTP/2 with node:http2. */
export function serveWithNode(
  { handleStream }: Adapter,
  { idleMs }: TimeLimits,
  limits: ConnectionLimits,
): Http2Connections {
  const sessions = new Sessions(idleMs);
  const server = createServer({
    maxSessionMemory: maxSessionMemoryMb,
    settings: { maxConcurrentStreams: maxStreams, maxHeaderListSize: maxHeaderBytes },
    ...streamResets,
  });
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    sessions.began(stream);
    handleStream(stream, headers);
  });
  let isClosing = false;
  return {
    serve: (socket) => {
      const add = (session: ServerHttp2Session) => {
        sessions.add(session, socket);
        ping(session, socket, limits);
        atMaxAge(socket, limits, () => {
          goAway(session, socket);
          whileOpen(socket, limits.maxConnectionAgeGraceMs, () => socket.destroy());
        });
        if (isClosing) {
          session.close();
        }
      };
      // The event is synchronous, and does not name the socket.
      server.once("session", add);
      server.emit("connection", socket);
      server.off("session", add);
    },
    close: () => {
      isClosing = true;
      sessions.close();
    },
  };
}

/**
 * The open HTTP/2 connections. Closes those that are idle, and destroys those that take no responses.
 *
 * Node's own session timeout is reset by every frame, which costs a twentieth of a call.
 */
class Sessions {
  readonly #idleMs: number;
  readonly #connections = new Map<Http2Session, Connection>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param idleMs max time without a new call, or without progress of pending output; enforced a quarter of it
   *   later at most
   */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  add(session: ServerHttp2Session, socket: Socket): void {
    this.#connections.set(session, {
      socket,
      lastId: 0,
      polledId: 0,
      // A session is added between two polls, so the first poll does not count.
      idlePolls: -1,
      stuckPolls: 0,
      polledBytesWritten: 0,
    });
    session.once("close", () => this.#delete(session));
    // Errors of a session show in its streams.
    session.on("error", () => {});
    this.#timer ??= setInterval(() => this.#poll(), this.#idleMs / pollsPerIdleTime).unref();
  }

  began({ session, id }: ServerHttp2Stream): void {
    const connection = session && this.#connections.get(session);
    if (connection !== undefined && id !== undefined) {
      connection.lastId = id;
    }
  }

  /** Ends all connections after their calls in progress. */
  close(): void {
    for (const [session, { socket }] of this.#connections) {
      goAway(session, socket);
    }
  }

  #delete(session: Http2Session): void {
    this.#connections.delete(session);
    if (this.#connections.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #poll(): void {
    for (const [session, connection] of this.#connections) {
      if (connection.lastId !== connection.polledId) {
        connection.polledId = connection.lastId;
        connection.idlePolls = 0;
      } else if (++connection.idlePolls >= pollsPerIdleTime) {
        end(session, connection.lastId);
      }
      destroyWhenStuck(session, connection);
    }
  }
}

interface Connection {
  readonly socket: Socket;
  /** Id of the last stream. */
  lastId: number;
  /** `lastId` at the last poll. */
  polledId: number;
  /** Consecutive polls without a new stream. */
  idlePolls: number;
  /** Consecutive polls at which nothing had been sent though output was pending. */
  stuckPolls: number;
  polledBytesWritten: number;
}

/** Node would wait for the client forever, even when the session is closed. */
function destroyWhenStuck(session: Http2Session, connection: Connection): void {
  const { bytesWritten } = connection.socket;
  const isPending = session.destroyed || (session.state.outboundQueueSize ?? 0) > 0;
  const isStuck = isPending && bytesWritten === connection.polledBytesWritten;
  connection.stuckPolls = isStuck ? connection.stuckPolls + 1 : 0;
  connection.polledBytesWritten = bytesWritten;
  if (connection.stuckPolls >= pollsPerIdleTime) {
    connection.socket.destroy();
  }
}

function end(session: Http2Session, lastId: number): void {
  const { lastProcStreamID: lastBegun = 0 } = session.state;
  if (lastBegun === lastId) {
    session.close();
  } else {
    // The session waits for the rest of a header, and would wait on when it is closed.
    session.destroy();
  }
}

/**
 * Sends HTTP/2 PINGs, and destroys the connection when nothing arrives after one: neither the acknowledgement
 * nor anything else, which a busy peer may send before it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6.7
 */
function ping(
  session: ServerHttp2Session,
  socket: Socket,
  { keepaliveIntervalMs, keepaliveTimeoutMs }: ConnectionLimits,
): void {
  let deadline: NodeJS.Timeout | undefined;
  const interval = setInterval(() => {
    if (session.destroyed) {
      return;
    }
    const { bytesRead } = socket;
    session.ping(() => {});
    // The timer of an earlier PING may still run.
    deadline ??= setTimeout(() => {
      deadline = undefined;
      if (socket.bytesRead === bytesRead) {
        socket.destroy();
      }
    }, keepaliveTimeoutMs).unref();
  }, keepaliveIntervalMs).unref();
  socket.once("close", () => {
    clearInterval(interval);
    clearTimeout(deadline);
  });
}

/** A GOAWAY frame with the largest stream id: no new calls, but calls already sent are served. */
const shutdownNotice = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
/** Max time that a client has to read the notice, in milliseconds. */
const noticeMs = 500;

/**
 * Ends an HTTP/2 connection without losing a call: sends the notice, waits for the acknowledgement of a PING,
 * and only then says which call was the last. The connection closes after the calls in progress.
 *
 * node:http2 has no function for the notice: after `session.goaway()` it drops calls that were already sent.
 * So the frame is written to the socket. A TLS socket takes one write at a time and aborts the process at
 * another, so over TLS the client receives the last call's id at once, and must repeat the calls it sent
 * meanwhile, as gRPC clients do.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6.8
 */
function goAway(session: Http2Session, socket: Socket): void {
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
