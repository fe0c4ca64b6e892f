import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionLimits } from "./limits.ts";

/** As in grpc-go: connections that were opened together end apart. */
const jitter = 0.1;

/** Calls `old` when an open connection has reached its max age. */
export function atMaxAge(
  socket: Socket,
  { maxConnectionAgeMs }: ConnectionLimits,
  old: () => void,
): void {
  if (maxConnectionAgeMs > 0) {
    const ageMs = maxConnectionAgeMs * (1 - jitter + 2 * jitter * Math.random());
    whileOpen(socket, ageMs, old);
  }
}

export function whileOpen(socket: Socket, delayMs: number, then: () => void): void {
  const timer = setTimeout(then, delayMs).unref();
  socket.once("close", () => clearTimeout(timer));
}

/**
 * Ends HTTP/1.1 connections at their max age: the next response has `connection: close`. Idle connections stay
 * open, since the next request may already be sent.
 */
export class Http1Ages {
  readonly #age: ConnectionLimits;
  readonly #connections = new WeakMap<Socket, Http1Connection>();

  constructor(age: ConnectionLimits) {
    this.#age = age;
  }

  add(socket: Socket): void {
    const connection: Http1Connection = { response: undefined, isOld: false };
    this.#connections.set(socket, connection);
    atMaxAge(socket, this.#age, () => {
      connection.isOld = true;
      if (connection.response !== undefined) {
        this.#end(socket, connection.response);
      }
    });
  }

  /** Wraps a request handler, unless there is no max age. */
  watch(handle: RequestListener): RequestListener {
    if (this.#age.maxConnectionAgeMs === 0) {
      return handle;
    }
    return (request: IncomingMessage, response: ServerResponse) => {
      const { socket } = request;
      const connection = this.#connections.get(socket);
      if (connection?.isOld) {
        this.#end(socket, response);
      } else if (connection !== undefined) {
        connection.response = response;
        response.once("close", () => {
          connection.response = undefined;
        });
      }
      handle(request, response);
    };
  }

  #end(socket: Socket, last: ServerResponse): void {
    if (!last.headersSent) {
      last.shouldKeepAlive = false;
    }
    const timer = setTimeout(() => socket.destroy(), this.#age.maxConnectionAgeGraceMs).unref();
    last.once("close", () => clearTimeout(timer));
  }
}

interface Http1Connection {
  /** Response of the request in progress. */
  response: ServerResponse | undefined;
  isOld: boolean;
}
