import type { Socket } from "node:net";
import { Backoff, openSocket } from "./connect.ts";
import { Http2Connection } from "./connection.ts";
import type { TransportFailure, TransportOptions } from "./exchange.ts";
import { unreachable } from "./failures.ts";
import type { Http2Stream } from "./stream.ts";

/** Time that the server has to send its settings, which show that it speaks HTTP/2. */
const settingsTimeoutMs = 5_000;

export interface ConnectorEvents {
  onUp(): void;
  onFreeStream(): void;
  /** @returns the attempt's number, which increases */
  onAttempt(): number;
  /** @returns whether to try again */
  onAttemptFailed(attempt: number, failure: TransportFailure): boolean;
}

/** One of the transport's connections, reopened when it is lost. */
export class Connector {
  readonly #options: TransportOptions;
  readonly #number: number;
  readonly #events: ConnectorEvents;
  readonly #backoff = new Backoff();
  /** Socket of the attempt in progress. */
  #socket: Socket | undefined;
  /** Connection that takes requests. */
  #connection: Http2Connection | undefined;
  /** Connections that take no more requests but have some in progress. */
  readonly #retired = new Set<Http2Connection>();
  #backoffTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: TransportOptions, number: number, events: ConnectorEvents) {
    this.#options = options;
    this.#number = number;
    this.#events = events;
  }

  get isUp(): boolean {
    return this.#connection?.isUp === true;
  }

  get isConnecting(): boolean {
    return this.#socket !== undefined;
  }

  get hasFreeStream(): boolean {
    return this.#connection?.hasFreeStream === true;
  }

  /** Writes a request; there must be a free stream. */
  open(stream: Http2Stream): void {
    this.#connection?.open(stream);
  }

  /** Connects after the backoff delay, unless it is connected or connecting. */
  start(): void {
    if (
      !this.#isClosed &&
      this.#backoffTimer === undefined &&
      this.#socket === undefined &&
      this.#connection === undefined
    ) {
      this.#backoffTimer = setTimeout(() => {
        this.#backoffTimer = undefined;
        this.#connect();
      }, this.#backoff.nextMs());
    }
  }

  /** @param message of the failures of requests in progress */
  close(message: string): void {
    this.#isClosed = true;
    clearTimeout(this.#backoffTimer);
    this.#socket?.destroy();
    for (const connection of [...this.#retired, this.#connection]) {
      connection?.close(message);
    }
  }

  #connect(): void {
    const { url } = this.#options;
    const attempt = this.#events.onAttempt();
    let failure: TransportFailure | undefined;
    let connection: Http2Connection | undefined;
    const onOpen = () => {
      if ("alpnProtocol" in socket && socket.alpnProtocol !== "h2") {
        socket.destroy(new Error("the server offers no HTTP/2 over TLS; try --http 1.1"));
      } else {
        connection = this.#greet(socket, (reason) => {
          failure ??= reason;
        });
      }
    };
    const socket = openSocket(this.#options, "h2", onOpen, (chunk) => connection?.receive(chunk));
    this.#socket = socket;
    // The first reason counts. These listeners run before those of the connection.
    socket.on("error", (error) => {
      failure ??= unreachable(url, error);
    });
    socket.on("end", () => {
      failure ??= unreachable(url, new Error("the server closed the connection"));
    });
    socket.once("close", () => {
      if (this.#socket === socket) {
        this.#socket = undefined;
        failure ??= unreachable(url, new Error("the connection was closed"));
        if (this.#events.onAttemptFailed(attempt, failure)) {
          this.start();
        }
      }
    });
  }

  #greet(socket: Socket, onFailed: (failure: TransportFailure) => void): Http2Connection {
    const timer = setTimeout(() => {
      const seconds = settingsTimeoutMs / 1_000;
      socket.destroy(new Error(`it sent nothing within ${seconds} s; does it speak HTTP/2?`));
    }, settingsTimeoutMs);
    const connection = new Http2Connection(socket, this.#number, {
      onReady: () => {
        clearTimeout(timer);
        this.#socket = undefined;
        this.#connection = connection;
        this.#events.onUp();
      },
      onFreeStream: () => this.#events.onFreeStream(),
      onRetired: () => {
        if (this.#connection === connection) {
          this.#replace(connection);
        }
      },
      onClosed: (failure) => {
        clearTimeout(timer);
        this.#retired.delete(connection);
        onFailed(failure);
      },
    });
    return connection;
  }

  #replace(connection: Http2Connection): void {
    this.#connection = undefined;
    this.#retired.add(connection);
    // A server that only accepts and closes connections is still retried with backoff.
    if (connection.hasResponse) {
      this.#backoff.reset();
    }
    this.start();
  }
}
