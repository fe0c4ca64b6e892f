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
  readonly #options: TransportOptions;
  /** By number; closed ones until they are opened again. */
  readonly #connections: Connection[] = [];
  /** Connections that are up and carry no request, longest idle first. */
  readonly #idle = new Set<Connection>();
  /** Numbers of connections that are not open. */
  readonly #down: Set<number>;
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
    this.#options = options;
    this.#down = new Set(Array(options.connections).keys());
  }

  async connect(): Promise<void> {
    for (const number of this.#down) {
      this.#open(number);
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
    this.#down.add(connection.number);
    if (this.#isClosed) {
      return;
    }
    const failure = unreachable(this.#options.url, error);
    this.#connecting?.reject(new Error(failure.message));
    this.#startBackoff();
    if (this.#down.size === this.#options.connections) {
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
    this.#down.add(connection.number);
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
    for (const number of this.#down) {
      if (this.#opening.size >= this.#waiting.size) {
        break;
      }
      this.#open(number);
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

  #open(number: number): void {
    const connection = new Connection(number, this.#options, this);
    this.#down.delete(number);
    this.#connections[number] = connection;
    this.#opening.add(connection);
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
