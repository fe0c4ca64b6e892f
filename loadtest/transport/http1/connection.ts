import { createRequire } from "node:module";
import type { Socket } from "node:net";
import {
  describeError,
  type Fields,
  openSocket,
  type Receiver,
  type Sending,
  systemCode,
  type TransportFailure,
  type TransportOptions,
} from "@unblock/http2/client";
import type { Client, Dispatcher } from "undici";

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

/** One connection of the transport, from its opening on. It carries one request at a time. */
export class Connection {
  readonly number: number;
  readonly #options: TransportOptions;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #client: Client;
  #hasResponse = false;

  /** @param number reported as the connection of the requests that it carries */
  constructor(number: number, options: TransportOptions, owner: ConnectionOwner) {
    this.number = number;
    this.#options = options;
    this.#owner = owner;
    let up = false;
    let byServer = false;
    let error = new Error("the server closed the connection");
    const socket = openSocket(options, "http/1.1", () => {
      up = true;
      owner.onOpen(this);
    });
    this.#socket = socket;
    this.#client = clientOn(socket, options.url);
    socket.on("end", () => {
      byServer = true;
    });
    socket.on("error", (reason) => {
      byServer = true;
      error = reason;
    });
    socket.on("close", () => {
      if (up) {
        owner.onClosed(this, byServer && !this.#hasResponse);
      } else {
        owner.onOpenFailed(this, error);
      }
    });
  }

  get isUsable(): boolean {
    return this.#socket.writable;
  }

  /** Sends a request. The connection must be up and idle. */
  carry(exchange: Exchange): void {
    exchange.begin(this.#client, this);
  }

  /** The head of a response has arrived. */
  onResponse(): void {
    this.#hasResponse = true;
    this.#owner.onResponse();
  }

  /** The response is complete. */
  onEnd(): void {
    // undici closes the socket by then if the server wants it closed.
    queueMicrotask(() => {
      if (!this.#socket.destroyed) {
        this.#owner.onIdle(this);
      }
    });
  }

  /** Gives back a request that was not written before this connection closed. */
  requeue(exchange: Exchange): void {
    this.#owner.enqueue(exchange);
  }

  close(): void {
    this.#socket.destroy();
  }

  /**
   * The failure of a request that this connection carried.
   *
   * @param hasResponse whether the response had begun
   */
  failureOf(error: Error, hasResponse: boolean): TransportFailure {
    if (error.name === "HTTPParserError") {
      return notHttp1(error.message);
    }
    if (!isClosed(error)) {
      return { code: "unavailable", message: `The connection failed: ${describeError(error)}` };
    }
    if (hasResponse) {
      return {
        code: "unavailable",
        message: "The connection closed in the middle of the response",
      };
    }
    // A server that requires a certificate closes after the handshake, and its TLS alert is lost.
    const { url, tls } = this.#options;
    const hint =
      url.protocol === "https:" && tls.cert === undefined
        ? "; does it require a client certificate (--cert, --key)?"
        : "";
    return {
      code: "unavailable",
      message: `The server closed the connection before it responded${hint}`,
    };
  }
}

/** Whether the error says only that the connection is closed. */
function isClosed(error: Error): boolean {
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(systemCode(error));
}

function notHttp1(parserMessage: string): TransportFailure {
  // The parser's own reason is in parentheses at the end.
  const reason = /\((.+)\)$/.exec(parserMessage)?.[1] ?? parserMessage;
  const hint = reason.startsWith("Expected HTTP/")
    ? "; for a server with HTTP/2 only: --http 2"
    : "";
  return {
    code: "internal",
    message: `Expected an HTTP/1.1 response, got something else (${reason})${hint}`,
  };
}

const maxIdleMs = 24 * 60 * 60 * 1_000;
const require = createRequire(import.meta.url);

/** An undici client that sends on this socket, which must be up by then, and opens no other. */
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

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A request and its response. */
export class Exchange implements Sending, Dispatcher.DispatchHandler {
  connection = -1;
  writtenMs = 0;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #receiver: Receiver;
  readonly #waiting: Set<Exchange>;
  #carrier: Connection | undefined;
  #hasResponse = false;
  #isOver = false;

  /** @param waiting exchanges without a connection; a cancelled exchange removes itself */
  constructor(options: Dispatcher.DispatchOptions, receiver: Receiver, waiting: Set<Exchange>) {
    this.#options = options;
    this.#receiver = receiver;
    this.#waiting = waiting;
  }

  begin(client: Client, carrier: Connection): void {
    this.connection = carrier.number;
    this.#carrier = carrier;
    client.dispatch(this.#options, this);
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
    } else if (this.#carrier !== undefined) {
      this.fail(this.#carrier.failureOf(error, this.#hasResponse));
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
