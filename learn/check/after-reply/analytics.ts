import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What became of an event: "lost" when its sender closed the connection before it was confirmed. */
export type Outcome = "confirmed" | "refused" | "lost";

/** An event as it arrived. */
export interface ReceivedEvent {
  /** What was posted. */
  readonly body: string;
  /** Resolves when it is confirmed, refused or lost. */
  readonly outcome: Promise<Outcome>;
  /** Says that the event has been taken. */
  confirm(): void;
  /** Says that it could not be. */
  refuse(): void;
}

/**
 * The analytics service as the check plays it: in the checker's process, so that it outlives the
 * learner's service, and so that it is the check which decides when an event is confirmed. An event
 * counts as taken only when its sender is still there then.
 */
export class Analytics {
  readonly url: string;
  readonly #server: Server;
  readonly #arrived: ReceivedEvent[] = [];
  // A Set keeps the order of insertion.
  readonly #waiting = new Set<(event: ReceivedEvent) => void>();

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/analytics`;
    server.on("request", (request, response) => this.#receive(request, response));
  }

  static async open(): Promise<Analytics> {
    const server = createServer();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", resolve);
    await promise;
    return new Analytics(server);
  }

  /** The next event that nobody has asked for yet; undefined when none comes in that time. */
  next(limitMs: number): Promise<ReceivedEvent | undefined> {
    const event = this.#arrived.shift();
    if (event !== undefined) {
      return Promise.resolve(event);
    }
    const { promise, resolve } = Promise.withResolvers<ReceivedEvent | undefined>();
    this.#waiting.add(resolve);
    const giveUp = () => {
      this.#waiting.delete(resolve);
      resolve(undefined);
    };
    const timer = setTimeout(giveUp, limitMs);
    return promise.finally(() => clearTimeout(timer));
  }

  /** Takes so many events, as far as they come in that time. */
  async confirmNext(count: number, limitMs: number): Promise<void> {
    for (let taken = 0; taken < count; taken++) {
      const event = await this.next(limitMs);
      event?.confirm();
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { promise: outcome, resolve } = Promise.withResolvers<Outcome>();
    response.on("close", () => resolve("lost"));
    const end = (status: number, came: Outcome) => {
      if (!response.writableEnded && !response.destroyed) {
        response.writeHead(status, { "content-type": "application/json" }).end("{}");
        response.on("finish", () => resolve(came));
      }
    };
    // Who hangs up in the middle of the request is told of by "close".
    const body = await text(request).catch(() => "");
    const event: ReceivedEvent = {
      body,
      outcome,
      confirm: () => end(202, "confirmed"),
      refuse: () => end(503, "refused"),
    };
    const [waiting] = this.#waiting;
    if (waiting === undefined) {
      this.#arrived.push(event);
    } else {
      this.#waiting.delete(waiting);
      waiting(event);
    }
  }
}
