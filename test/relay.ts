import { connect, createServer, type Socket } from "node:net";
import { listen } from "./listen.ts";

/**
 * A TCP relay in front of a server of this machine, which can hold and cut data as a bad network does. Holding affects
 * only the connections that are open at the time.
 */
export interface Relay {
  readonly port: number;
  /** Holds data from the server; data to the server is still relayed. */
  holdAnswers(): void;
  /** Holds data to the server; data from the server is still relayed. */
  holdRequests(): void;
  /** Relays the held data in order. */
  release(): void;
  /** Closes every connection whose client sends the text. */
  cutAt(text: string): void;
  /** Closes all connections, and drops the held data. */
  cut(): void;
  /** Closes the clients' connections only: the server can still receive held data. */
  cutCallers(): void;
  close(): Promise<void>;
}

/** @param port port of the server on 127.0.0.1 */
export async function startRelay(port: number): Promise<Relay> {
  const connections = new Set<Connection>();
  let fatal: string | undefined;
  const relay = createServer((caller) => {
    caller.on("data", (data: Buffer) => {
      if (fatal !== undefined && data.includes(fatal)) {
        caller.destroy();
      }
    });
    const connection = new Connection(caller, connect(port, "127.0.0.1"));
    connections.add(connection);
    connection.server.once("close", () => connections.delete(connection));
  });
  const endpoint = await listen(relay);
  const each = (act: (connection: Connection) => void) => () => {
    for (const connection of connections) {
      act(connection);
    }
  };
  return {
    port: endpoint.port,
    holdAnswers: each(({ answers }) => answers.hold()),
    holdRequests: each(({ requests }) => requests.hold()),
    release: each(({ requests, answers }) => {
      requests.release();
      answers.release();
    }),
    cutAt: (text) => {
      fatal = text;
    },
    cut: each(({ server }) => server.destroy()),
    cutCallers: each((connection) => connection.cutCaller()),
    close: async () => {
      each(({ server }) => server.destroy())();
      await endpoint.close();
    },
  };
}

class Connection {
  readonly server: Socket;
  readonly requests: Direction;
  readonly answers: Direction;
  readonly #caller: Socket;
  #isCut = false;

  constructor(caller: Socket, server: Socket) {
    this.server = server;
    this.#caller = caller;
    this.requests = new Direction(caller, server);
    this.answers = new Direction(server, caller);
    caller.on("error", () => {});
    server.on("error", () => {});
    server.on("close", () => caller.destroy());
    caller.on("close", () => {
      if (!this.#isCut) {
        server.destroy();
      }
    });
  }

  cutCaller(): void {
    this.#isCut = true;
    this.#caller.destroy();
  }
}

class Direction {
  readonly #to: Socket;
  #held: Buffer[] | undefined;

  constructor(from: Socket, to: Socket) {
    this.#to = to;
    from.on("data", (data: Buffer) => {
      if (this.#held !== undefined) {
        this.#held.push(data);
      } else if (!to.destroyed) {
        to.write(data);
      }
    });
  }

  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const data of held) {
      this.#to.write(data);
    }
  }
}
