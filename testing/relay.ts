import { connect, createServer, type Socket } from "node:net";
import { listen } from "./listen.ts";

/**
 * A TCP relay in front of a server of this machine, which a test holds and cuts as a bad network does.
 * Connections that are made after a hold are not held.
 */
export interface Relay {
  readonly port: number;
  /** Keeps what the server answers; what it is asked still arrives. */
  holdAnswers(): void;
  /** Keeps what the server is asked; what it answers still arrives. */
  holdRequests(): void;
  /** Passes on what was held, in its order. */
  release(): void;
  /** Ends every connection whose caller sends the text. */
  cutAt(text: string): void;
  /** Ends all connections, and drops what was held. */
  cut(): void;
  /** Ends the callers' connections alone: the server may still get what is held of them. */
  cutCallers(): void;
  close(): Promise<void>;
}

/** @param port that of the server on 127.0.0.1 */
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
