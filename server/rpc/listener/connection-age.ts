import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { goAway } from "./go-away.ts";

/** When connections end, so that their clients open others; times in milliseconds. */
export interface ConnectionAge {
  /** Age at which a connection takes no more calls, 10 % more or less; 0 for none. */
  readonly maxConnectionAgeMs: number;
  /** Time that calls in progress have after that; then they are cut. */
  readonly maxConnectionAgeGraceMs: number;
}

/** As in grpc-go, so that connections that were opened at once don't end at once. */
const jitter = 0.1;

/** Calls `old` at a connection's age, unless it has ended before. */
function atAge(socket: Socket, { maxConnectionAgeMs }: ConnectionAge, old: () => void): void {
  if (maxConnectionAgeMs > 0) {
    const ageMs = maxConnectionAgeMs * (1 - jitter + 2 * jitter * Math.random());
    whileOpen(socket, ageMs, old);
  }
}

function whileOpen(socket: Socket, delayMs: number, then: () => void): void {
  const timer = setTimeout(then, delayMs).unref();
  socket.once("close", () => clearTimeout(timer));
}

/** Ends an HTTP/2 connection at its age: it takes no more calls then. */
export function endHttp2AtAge(
  session: ServerHttp2Session,
  socket: Socket,
  age: ConnectionAge,
): void {
  atAge(socket, age, () => {
    goAway(session, socket);
    whileOpen(socket, age.maxConnectionAgeGraceMs, () => socket.destroy());
  });
}

/**
 * Ends HTTP/1.1 connections at their age: the next response says `connection: close`. One that is idle is left
 * alone, since its next request may be on its way.
 */
export class Http1Ages {
  readonly #age: ConnectionAge;
  readonly #connections = new WeakMap<Socket, Http1Connection>();

  constructor(age: ConnectionAge) {
    this.#age = age;
  }

  add(socket: Socket): void {
    const connection: Http1Connection = { response: undefined, isOld: false };
    this.#connections.set(socket, connection);
    atAge(socket, this.#age, () => {
      connection.isOld = true;
      if (connection.response !== undefined) {
        this.#end(socket, connection.response);
      }
    });
  }

  /** Wraps a handler of requests, unless connections have no age. */
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
  /** Of the request in progress. */
  response: ServerResponse | undefined;
  isOld: boolean;
}
