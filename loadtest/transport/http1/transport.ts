import {
  Backoff,
  closedByClient,
  type PreparedRequest,
  type RequestHead,
  type Transport,
  type TransportFailure,
  type TransportOptions,
  unreachable,
} from "@unblock/http2/client";
import type { Dispatcher } from "undici";
import { Connection, type ConnectionOwner, Exchange } from "./connection.ts";

/**
 * HTTP/1.1 with one request per connection at a time; further requests wait in order. `connect`
 * opens all connections, because opening one for a request would add to that request's latency. A
 * lost connection is reopened when a request needs it. A request that was written to a connection
 * which the server closes fails and is not sent twice, because the server may have served it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
export class Http1Transport implements Transport, ConnectionOwner {
  readonly #url: URL;
  readonly #connections: readonly Connection[];
  /** Connections that are up and carry no request, longest idle first. */
  readonly #idle = new Set<Connection>();
  readonly #down: Set<Connection>;
  readonly #opening = new Set<Connection>();
  /** Requests without a connection, in order. */
  readonly #waiting = new Set<Exchange>();
  readonly #inProgress = new Map<Connection, Exchange>();
  #connecting: PromiseWithResolvers<void> | undefined;
  readonly #backoff = new Backoff();
  /** While the timer runs, no connection is opened. */
  #backoffTimer: NodeJS.Timeout | undefined;
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
        this.enqueue(exchange);
        return exchange;
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#backoffTimer);
    this.#connecting?.reject(new Error(closedByClient.message));
    this.#failWaiting(closedByClient);
    for (const exchange of this.#inProgress.values()) {
      exchange.fail(closedByClient);
    }
    for (const connection of this.#connections) {
      connection.close();
    }
  }

  onOpen(connection: Connection): void {
    this.#opening.delete(connection);
    this.#idle.add(connection);
    if (this.#opening.size === 0 && this.#down.size === 0) {
      this.#connecting?.resolve();
    }
    this.#sendWaiting();
  }

  onOpenFailed(connection: Connection, error: Error): void {
    this.#opening.delete(connection);
    this.#down.add(connection);
    if (this.#isClosed) {
      return;
    }
    const failure = unreachable(this.#url, error);
    this.#connecting?.reject(new Error(failure.message));
    this.#startBackoff();
    if (this.#down.size === this.#connections.length) {
      this.#failWaiting(failure);
    }
  }

  onResponse(): void {
    this.#backoff.reset();
  }

  onIdle(connection: Connection): void {
    this.#inProgress.delete(connection);
    this.#idle.add(connection);
    this.#sendWaiting();
  }

  onClosed(connection: Connection, withoutResponse: boolean): void {
    this.#inProgress.delete(connection);
    this.#idle.delete(connection);
    this.#down.add(connection);
    if (this.#isClosed) {
      return;
    }
    if (withoutResponse) {
      this.#startBackoff();
    }
    this.#sendWaiting();
  }

  enqueue(exchange: Exchange): void {
    if (this.#isClosed) {
      exchange.fail(closedByClient);
    } else {
      this.#waiting.add(exchange);
      this.#sendWaiting();
    }
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
    if (this.#backoffTimer !== undefined) {
      return;
    }
    for (const connection of this.#down) {
      if (this.#opening.size >= this.#waiting.size) {
        break;
      }
      this.#open(connection);
    }
  }

  #takeIdle(): Connection | undefined {
    for (const connection of this.#idle) {
      this.#idle.delete(connection);
      // A connection that is closing would lose the request; `onClosed` follows for it.
      if (connection.isUsable) {
        return connection;
      }
    }
    return undefined;
  }

  #open(connection: Connection): void {
    this.#down.delete(connection);
    this.#opening.add(connection);
    connection.open();
  }

  /** Starts one delay for all connections that fail together. */
  #startBackoff(): void {
    this.#backoffTimer ??= setTimeout(() => {
      this.#backoffTimer = undefined;
      this.#sendWaiting();
    }, this.#backoff.nextMs());
  }

  #failWaiting(failure: TransportFailure): void {
    // Receivers may send again from within `fail`.
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const exchange of waiting) {
      exchange.fail(failure);
    }
  }
}
