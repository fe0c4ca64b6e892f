import type { Dispatcher } from "undici";
import { Backoff, unreachable } from "../connect.ts";
import type {
  PreparedRequest,
  RequestHead,
  Transport,
  TransportFailure,
  TransportOptions,
} from "../transport.ts";
import { Connection, type ConnectionOwner, Exchange } from "./connection.ts";

const closedByUs: TransportFailure = {
  code: "canceled",
  message: "The load client closed its connections",
};

/**
 * HTTP/1.1, one call a connection at a time; further calls wait in order. `connect` opens all
 * connections, since one that is opened with its first call would make that call slower. A
 * connection that is lost is made again when a call wants it. A call that is written to a connection which
 * the server closes just then fails: it may have been served, so it is not sent twice.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
export function createHttp1Transport(options: TransportOptions): Transport {
  return new Http1Transport(options);
}

class Http1Transport implements Transport, ConnectionOwner {
  readonly #url: URL;
  readonly #connections: readonly Connection[];
  /** Up and without a call, the longest idle first. */
  readonly #idle = new Set<Connection>();
  /** Neither up nor on the way there. */
  readonly #down: Set<Connection>;
  /** On the way up. */
  readonly #opening = new Set<Connection>();
  /** Requests without a connection, in order. */
  readonly #waiting = new Set<Exchange>();
  readonly #inProgress = new Map<Connection, Exchange>();
  #connecting: PromiseWithResolvers<void> | undefined;
  readonly #backoff = new Backoff();
  /** While it runs, no connection is opened. */
  #pause: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.#url = options.url;
    this.#connections = Array.from(
      { length: options.connections },
      (_, number) => new Connection(number, options, this),
    );
    this.#down = new Set(this.#connections);
  }

  async connect(): Promise<void> {
    for (const connection of this.#down) {
      this.#open(connection);
    }
    this.#connecting = Promise.withResolvers();
    return this.#connecting.promise;
  }

  prepare({ method, path, fields }: RequestHead, body: Buffer): PreparedRequest {
    const options: Dispatcher.DispatchOptions = {
      method,
      path,
      headers: fields,
      body: method === "POST" ? body : null,
    };
    return {
      send: (receiver) => {
        const exchange = new Exchange(options, receiver, this.#waiting);
        this.unsent(exchange);
        return exchange;
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    this.#connecting?.reject(new Error(closedByUs.message));
    this.#failWaiting(closedByUs);
    for (const exchange of this.#inProgress.values()) {
      exchange.fail(closedByUs);
    }
    for (const connection of this.#connections) {
      connection.close();
    }
  }

  opened(connection: Connection): void {
    this.#opening.delete(connection);
    this.#idle.add(connection);
    if (this.#opening.size === 0 && this.#down.size === 0) {
      this.#connecting?.resolve();
    }
    this.#sendWaiting();
  }

  refused(connection: Connection, error: Error): void {
    this.#opening.delete(connection);
    this.#down.add(connection);
    if (this.#isClosed) {
      return;
    }
    const failure = unreachable(this.#url, error);
    this.#connecting?.reject(new Error(failure.message));
    this.#beginPause();
    if (this.#down.size === this.#connections.length) {
      this.#failWaiting(failure);
    }
  }

  answered(): void {
    this.#backoff.reset();
  }

  freed(connection: Connection): void {
    this.#inProgress.delete(connection);
    this.#idle.add(connection);
    this.#sendWaiting();
  }

  unsent(exchange: Exchange): void {
    if (this.#isClosed) {
      exchange.fail(closedByUs);
    } else {
      this.#waiting.add(exchange);
      this.#sendWaiting();
    }
  }

  closed(connection: Connection, silent: boolean): void {
    this.#inProgress.delete(connection);
    this.#idle.delete(connection);
    this.#down.add(connection);
    if (this.#isClosed) {
      return;
    }
    if (silent) {
      this.#beginPause();
    }
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    for (const exchange of this.#waiting) {
      const connection = this.#takeIdle();
      if (connection === undefined) {
        break;
      }
      this.#waiting.delete(exchange);
      this.#inProgress.set(connection, exchange);
      connection.carry(exchange);
    }
    if (this.#pause === undefined) {
      this.#openForWaiting();
    }
  }

  #takeIdle(): Connection | undefined {
    for (const connection of this.#idle) {
      this.#idle.delete(connection);
      // One that is about to close would swallow the call; `closed` will tell.
      if (connection.isUsable) {
        return connection;
      }
    }
    return undefined;
  }

  #openForWaiting(): void {
    for (const connection of this.#down) {
      if (this.#opening.size >= this.#waiting.size) {
        break;
      }
      this.#open(connection);
    }
  }

  #open(connection: Connection): void {
    this.#down.delete(connection);
    this.#opening.add(connection);
    connection.open();
  }

  // Connections that fail together begin one pause.
  #beginPause(): void {
    if (this.#pause !== undefined) {
      return;
    }
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#sendWaiting();
    }, this.#backoff.nextMs());
  }

  #failWaiting(failure: TransportFailure): void {
    // Those who are told may send again at once.
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const exchange of waiting) {
      exchange.fail(failure);
    }
  }
}
