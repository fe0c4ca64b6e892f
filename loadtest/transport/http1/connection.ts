import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { Client, Dispatcher } from "undici";
import { failureOf, isClosed, openSocket } from "../connect.ts";
import type {
  Fields,
  Receiver,
  Sending,
  TransportFailure,
  TransportOptions,
} from "../transport.ts";

/** What a connection tells its owner. */
export interface ConnectionOwner {
  /** It is up. */
  opened(connection: Connection): void;
  /** It could not be opened. */
  refused(connection: Connection, error: Error): void;
  /** The head of a response is here. */
  answered(): void;
  /** It has carried a call, and can carry another. */
  freed(connection: Connection): void;
  /** It was lost before it wrote a request, which another can carry. */
  unsent(exchange: Exchange): void;
  /**
   * It was up, and is no more.
   *
   * @param silent whether the server closed it without having answered anything
   */
  closed(connection: Connection, silent: boolean): void;
}

/** What it has while it is open. */
interface Line {
  readonly socket: Socket;
  readonly client: Client;
  readonly carrier: Carrier;
}

/** One of the transport's connections, which carries one call at a time. It can be opened again. */
export class Connection {
  readonly #number: number;
  readonly #options: TransportOptions;
  readonly #owner: ConnectionOwner;
  #line: Line | undefined;

  constructor(number: number, options: TransportOptions, owner: ConnectionOwner) {
    this.#number = number;
    this.#options = options;
    this.#owner = owner;
  }

  /** Whether a request can be written. */
  get isUsable(): boolean {
    return this.#line?.socket.writable === true;
  }

  open(): void {
    let up = false;
    let answered = false;
    let byServer = false;
    let error = new Error("the server closed it");
    const socket = openSocket(this.#options, "http/1.1", () => {
      up = true;
      this.#owner.opened(this);
    });
    const carrier: Carrier = {
      number: this.#number,
      closeHint: closeHint(this.#options),
      answered: () => {
        answered = true;
        this.#owner.answered();
      },
      done: () => {
        // Only then it is known whether the server wants to go on with this connection.
        queueMicrotask(() => {
          if (!socket.destroyed) {
            this.#owner.freed(this);
          }
        });
      },
      unsent: (exchange) => this.#owner.unsent(exchange),
      cut: () => socket.destroy(),
    };
    this.#line = { socket, client: clientOn(socket, this.#options.url), carrier };
    socket.on("end", () => {
      byServer = true;
    });
    socket.on("error", (reason) => {
      byServer = true;
      error = reason;
    });
    socket.on("close", () => {
      this.#line = undefined;
      if (up) {
        this.#owner.closed(this, byServer && !answered);
      } else {
        this.#owner.refused(this, error);
      }
    });
  }

  /** Sends a request; only when it is up and carries none. */
  carry(exchange: Exchange): void {
    if (this.#line !== undefined) {
      exchange.begin(this.#line.client, this.#line.carrier);
    }
  }

  close(): void {
    this.#line?.socket.destroy();
  }
}

const longestIdleMs = 24 * 60 * 60 * 1_000;
const require = createRequire(import.meta.url);

/** HTTP/1.1 on a socket that is up already. */
function clientOn(socket: Socket, url: URL): Client {
  // It takes a quarter of a second to load, which those spare who use HTTP/2.
  const { Client, errors }: typeof import("undici") = require("undici");
  let isTaken = false;
  return new Client(url.origin, {
    connect: (_, callback) => {
      if (isTaken) {
        callback(socket.errored ?? new errors.SocketError("closed"), null);
      } else {
        isTaken = true;
        // It doesn't expect to be answered before it has asked.
        queueMicrotask(() => callback(null, socket));
      }
    },
    allowH2: false,
    // Calls have deadlines of their own, and a connection waits for its next call as long as the server lets it.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: longestIdleMs,
    keepAliveMaxTimeout: longestIdleMs,
    keepAliveTimeoutThreshold: 1_000,
  });
}

/** A server that asks for a certificate closes after the handshake; why, is lost on the way here. */
function closeHint({ url, tls }: TransportOptions): string {
  return url.protocol === "https:" && tls.cert === undefined
    ? "; does it ask for a client's certificate (--cert, --key)?"
    : "";
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What the connection that carries an exchange wants to know, and can do for it. */
export interface Carrier {
  readonly number: number;
  /** Why the server may close the connection without an answer, to be added to the failure. */
  readonly closeHint: string;
  /** The head of the response is here. */
  answered(): void;
  /** The response is at its end. */
  done(): void;
  /** The connection was lost before the request was written. */
  unsent(exchange: Exchange): void;
  /** Closes the connection. */
  cut(): void;
}

/** A request, and how its response comes in. */
export class Exchange implements Sending, Dispatcher.DispatchHandler {
  connection = -1;
  writtenMs = 0;
  readonly #options: Dispatcher.DispatchOptions;
  readonly #receiver: Receiver;
  readonly #waiting: Set<Exchange>;
  #carrier: Carrier | undefined;
  #isAnswered = false;
  #isOver = false;

  /** @param waiting those that wait for a connection; it leaves them when it is cancelled */
  constructor(options: Dispatcher.DispatchOptions, receiver: Receiver, waiting: Set<Exchange>) {
    this.#options = options;
    this.#receiver = receiver;
    this.#waiting = waiting;
  }

  /** Sends the request. */
  begin(dispatcher: Dispatcher, carrier: Carrier): void {
    this.connection = carrier.number;
    this.#carrier = carrier;
    dispatcher.dispatch(this.#options, this);
  }

  cancel(): void {
    this.#waiting.delete(this);
    // HTTP/1.1 can only be told by closing the connection, which may be another's when this is over.
    if (!this.#isOver) {
      this.#isOver = true;
      this.#carrier?.cut();
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
    // One of 1xx comes before the response.
    if (this.#isOver || status < 200) {
      return;
    }
    this.#isAnswered = true;
    this.#carrier?.answered();
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
    // Its receiver may have given it up just now.
    if (!this.#isOver) {
      this.#isOver = true;
      this.#receiver.end();
      this.#carrier?.done();
    }
  }

  onResponseError(_: unknown, error: Error): void {
    if (this.#isOver) {
      return;
    }
    if (this.writtenMs === 0 && isClosed(error)) {
      this.connection = -1;
      this.#carrier?.unsent(this);
    } else {
      this.fail(failureOf(error, this.#isAnswered, this.#carrier?.closeHint));
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
