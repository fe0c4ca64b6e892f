import { createRequire } from "node:module";
import type { Socket } from "node:net";
import {
  type Fields,
  openSocket,
  type Receiver,
  type Sending,
  type TransportFailure,
  type TransportOptions,
} from "@unblock/http2/client";
import type { Client, Dispatcher } from "undici";
import { failureOf, isClosed } from "./failures.ts";

export interface ConnectionOwner {
  onOpen(connection: Connection): void;
  onOpenFailed(connection: Connection, error: Error): void;
  /** The head of a response has arrived. */
  onResponse(): void;
  /** The response is complete, and the connection can carry another request. */
  onIdle(connection: Connection): void;
  /**
   * A connection that was up has closed.
   *
   * @param withoutResponse whether the server closed it before its first response
   */
  onClosed(connection: Connection, withoutResponse: boolean): void;
  /** Takes back a request whose connection closed before the request was written. */
  enqueue(exchange: Exchange): void;
}

/** State of a connection while its socket exists. */
interface OpenConnection {
  readonly socket: Socket;
  readonly client: Client;
  readonly carrier: Carrier;
}

/** One connection of the transport. It carries one request at a time and can be reopened. */
export class Connection {
  readonly #number: number;
  readonly #options: TransportOptions;
  readonly #owner: ConnectionOwner;
  #current: OpenConnection | undefined;

  constructor(number: number, options: TransportOptions, owner: ConnectionOwner) {
    this.#number = number;
    this.#options = options;
    this.#owner = owner;
  }

  get isUsable(): boolean {
    return this.#current?.socket.writable === true;
  }

  open(): void {
    let up = false;
    let hasResponse = false;
    let byServer = false;
    let error = new Error("the server closed the connection");
    const socket = openSocket(this.#options, "http/1.1", () => {
      up = true;
      this.#owner.onOpen(this);
    });
    const carrier: Carrier = {
      number: this.#number,
      closeHint: closeHint(this.#options),
      onResponse: () => {
        hasResponse = true;
        this.#owner.onResponse();
      },
      onEnd: () => {
        // undici closes the socket by then if the server wants it closed.
        queueMicrotask(() => {
          if (!socket.destroyed) {
            this.#owner.onIdle(this);
          }
        });
      },
      requeue: (exchange) => this.#owner.enqueue(exchange),
      close: () => socket.destroy(),
    };
    this.#current = { socket, client: clientOn(socket, this.#options.url), carrier };
    socket.on("end", () => {
      byServer = true;
    });
    socket.on("error", (reason) => {
      byServer = true;
      error = reason;
    });
    socket.on("close", () => {
      this.#current = undefined;
      if (up) {
        this.#owner.onClosed(this, byServer && !hasResponse);
      } else {
        this.#owner.onOpenFailed(this, error);
      }
    });
  }

  /** Sends a request. The connection must be up and idle. */
  carry(exchange: Exchange): void {
    if (this.#current !== undefined) {
      exchange.begin(this.#current.client, this.#current.carrier);
    }
  }

  close(): void {
    this.#current?.socket.destroy();
  }
}

const maxIdleMs = 24 * 60 * 60 * 1_000;
const require = createRequire(import.meta.url);

/** An undici client on a socket that is already up. */
function clientOn(socket: Socket, url: URL): Client {
  // Loading undici takes 250 ms, which users of HTTP/2 are spared.
  const { Client, errors }: typeof import("undici") = require("undici");
  let isTaken = false;
  return new Client(url.origin, {
    connect: (_, callback) => {
      if (isTaken) {
        callback(socket.errored ?? new errors.SocketError("closed"), null);
      } else {
        isTaken = true;
        // undici does not expect the callback before `connect` returns.
        queueMicrotask(() => callback(null, socket));
      }
    },
    allowH2: false,
    // Calls have their own deadlines, and the server decides how long a connection may be idle.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: maxIdleMs,
    keepAliveMaxTimeout: maxIdleMs,
    keepAliveTimeoutThreshold: 1_000,
  });
}

/** A server that requires a certificate closes after the handshake, and its TLS alert is lost. */
function closeHint({ url, tls }: TransportOptions): string {
  return url.protocol === "https:" && tls.cert === undefined
    ? "; does it require a client certificate (--cert, --key)?"
    : "";
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The connection as an exchange sees it. */
interface Carrier {
  readonly number: number;
  /** Appended to the failure when the server closes without a response. */
  readonly closeHint: string;
  onResponse(): void;
  onEnd(): void;
  /** The connection closed before the request was written. */
  requeue(exchange: Exchange): void;
  close(): void;
}

/** A request and its response. */
export class Exchange implements Sending, Dispatcher.DispatchHandler {
  connection = -1;
  writtenMs = 0;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #receiver: Receiver;
  readonly #waiting: Set<Exchange>;
  #carrier: Carrier | undefined;
  #hasResponse = false;
  #isOver = false;

  /** @param waiting exchanges without a connection; a cancelled exchange removes itself */
  constructor(options: Dispatcher.DispatchOptions, receiver: Receiver, waiting: Set<Exchange>) {
    this.#options = options;
    this.#receiver = receiver;
    this.#waiting = waiting;
  }

  begin(dispatcher: Dispatcher, carrier: Carrier): void {
    this.connection = carrier.number;
    this.#carrier = carrier;
    dispatcher.dispatch(this.#options, this);
  }

  cancel(): void {
    this.#waiting.delete(this);
    // HTTP/1.1 cancels by closing the connection, which may carry another request after the end.
    if (!this.#isOver) {
      this.#isOver = true;
      this.#carrier?.close();
    }
  }

  fail(failure: TransportFailure): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#receiver.fail(failure);
    }
  }

  onRequestStart(): void {
    this.writtenMs = performance.now();
  }

  onResponseStart(_: unknown, status: number, headers: Headers): void {
    // Informational responses (1xx) come before the response.
    if (this.#isOver || status < 200) {
      return;
    }
    this.#hasResponse = true;
    this.#carrier?.onResponse();
    this.#receiver.head(status, fieldsOf(headers));
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (!this.#isOver) {
      this.#receiver.data(chunk);
    }
  }

  onResponseEnd(_: unknown, trailers: Headers): void {
    if (this.#isOver) {
      return;
    }
    if (Object.keys(trailers).length > 0) {
      this.#receiver.trailers(fieldsOf(trailers));
    }
    // The receiver may have cancelled in `trailers`.
    if (!this.#isOver) {
      this.#isOver = true;
      this.#receiver.end();
      this.#carrier?.onEnd();
    }
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#isOver) {
      return;
    }
    if (this.writtenMs === 0 && isClosed(error)) {
      this.connection = -1;
      this.#carrier?.requeue(this);
    } else {
      this.fail(failureOf(error, this.#hasResponse, this.#carrier?.closeHint));
    }
  }
}

function fieldsOf(headers: Headers): Fields {
  return {
    get: (name) => {
      const value = headers[name];
      return Array.isArray(value) ? value.join(", ") : (value ?? null);
    },
  };
}
