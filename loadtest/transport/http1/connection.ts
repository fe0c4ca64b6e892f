import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { Client } from "undici";
import { openSocket } from "../open-socket.ts";
import type { TransportOptions } from "../transport.ts";
import type { Carrier, Exchange } from "./exchange.ts";

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
