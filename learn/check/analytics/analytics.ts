import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import type { ConnectionCounts } from "../world/log.ts";

/** What became of an event: "lost" when its sender closed the connection before it was confirmed. */
export type Outcome = "confirmed" | "refused" | "lost";

/** A time without events that tells that no more come, in milliseconds. */
const restMs = 250;

/** When no event has come for so long, no other comes: on a busy machine threads start late. */
const comesMs = 3_000;
const pollMs = 20;

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
  /** Takes every event by itself; undefined: who asks for it does. */
  #taker: ((event: ReceivedEvent) => void) | undefined;
  #received = 0;
  #receivedBefore = 0;
  #opened = 0;
  #open = 0;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/analytics`;
    server.on("request", (request, response) => this.#receive(request, response));
    server.on("connection", (socket) => {
      this.#opened++;
      this.#open++;
      socket.once("close", () => {
        this.#open--;
      });
    });
  }

  static async open(): Promise<Analytics> {
    const server = createServer();
    // Longer than a check takes, so that who opens a connection for each event means it.
    server.keepAliveTimeout = 120_000;
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
    const timer = globalThis.setTimeout(giveUp, limitMs);
    return promise.finally(() => clearTimeout(timer));
  }

  /** What has arrived, and nobody has asked for yet. */
  takeArrived(): readonly ReceivedEvent[] {
    return this.#arrived.splice(0);
  }

  /** From now on, has somebody take each event as it arrives; undefined: no longer. */
  takeAll(taker: ((event: ReceivedEvent) => void) | undefined): void {
    this.#taker = taker;
  }

  /** Resolves when no event has come for a while. */
  async rest(): Promise<void> {
    for (let seen = -1; seen < this.#received; ) {
      seen = this.#received;
      await after(restMs);
    }
  }

  /** Begins to count connections and events anew. */
  restartWindow(): void {
    this.#opened = 0;
    this.#receivedBefore = this.#received;
  }

  /**
   * Waits for the events of calls: the window's connections are all known when the last event is there,
   * as each comes on a connection that was opened before.
   *
   * @param count how many events are expected since the window began
   * @returns when they have arrived, or when none has come for a while
   */
  async untilReceived(count: number): Promise<void> {
    let known = this.#received;
    for (let quietMs = 0; quietMs < comesMs; quietMs += pollMs) {
      if (this.#received - this.#receivedBefore >= count) {
        return;
      }
      if (this.#received > known) {
        known = this.#received;
        quietMs = 0;
      }
      await after(pollMs);
    }
  }

  connections(): ConnectionCounts {
    return { opened: this.#opened, open: this.#open };
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
    this.#received++;
    // Who hangs up in the middle of the request is told of by "close".
    const body = await text(request).catch(() => "");
    const event: ReceivedEvent = {
      body,
      outcome,
      confirm: () => end(202, "confirmed"),
      refuse: () => end(503, "refused"),
    };
    if (this.#taker !== undefined) {
      this.#taker(event);
      return;
    }
    const [waiting] = this.#waiting;
    if (waiting === undefined) {
      this.#arrived.push(event);
    } else {
      this.#waiting.delete(waiting);
      waiting(event);
    }
  }
}

/** Resolves after a time, and keeps nobody from exiting until then. */
export function after(ms: number): Promise<undefined> {
  return setTimeout(ms, undefined, { ref: false });
}
