import { Agent } from "node:http";
import type { Socket } from "node:net";
import { openSocket } from "../open-socket.ts";
import type { TransportOptions } from "../transport.ts";
import type { Exchange } from "./exchange.ts";

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
  /**
   * It was up, and is no more.
   *
   * @param silent whether the server closed it without having answered anything
   */
  closed(connection: Connection, silent: boolean): void;
}

/** One of the transport's connections, which carries one call at a time. It can be opened again. */
export class Connection {
  readonly #number: number;
  readonly #options: TransportOptions;
  readonly #owner: ConnectionOwner;
  #socket: Socket | undefined;
  #agent: Agent | undefined;
  #answered = false;

  constructor(number: number, options: TransportOptions, owner: ConnectionOwner) {
    this.#number = number;
    this.#options = options;
    this.#owner = owner;
  }

  /** Whether a request can be written. */
  get isUsable(): boolean {
    return this.#socket?.writable === true;
  }

  open(): void {
    let up = false;
    let byServer = false;
    let error = new Error("the server closed it");
    const socket = openSocket(this.#options, "http/1.1", () => {
      up = true;
      this.#owner.opened(this);
    });
    const agent = new OneSocketAgent(socket, () => this.#owner.freed(this));
    this.#socket = socket;
    this.#agent = agent;
    this.#answered = false;
    socket.on("end", () => {
      byServer = true;
    });
    socket.on("error", (reason) => {
      byServer = true;
      error = reason;
    });
    socket.on("close", () => {
      this.#socket = undefined;
      this.#agent = undefined;
      agent.destroy();
      if (up) {
        this.#owner.closed(this, byServer && !this.#answered);
      } else {
        this.#owner.refused(this, error);
      }
    });
  }

  /** Sends a request; only when it is up and carries none. */
  carry(exchange: Exchange): void {
    if (this.#agent !== undefined) {
      exchange.begin(this.#agent, this.#number, () => {
        this.#answered = true;
        this.#owner.answered();
      });
    }
  }

  close(): void {
    this.#socket?.destroy();
  }
}

/** Node's own HTTP/1.1 client on a socket that is up already. */
class OneSocketAgent extends Agent {
  readonly #socket: Socket;

  /** @param onFree told when the socket has carried a call and can carry another */
  constructor(socket: Socket, onFree: () => void) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
    // Node's own listener was there first: a socket that can carry no other call is destroyed by now.
    this.on("free", () => {
      if (!socket.destroyed) {
        onFree();
      }
    });
  }

  override createConnection(): Socket {
    return this.#socket;
  }
}
