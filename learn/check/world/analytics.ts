import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import type { ConnectionCounts } from "./log.ts";

/** What became of an event: "lost" when its sender disconnected before it was confirmed. */
export type EventOutcome = "confirmed" | "rejected" | "lost";

/** Time without events after which no more follow what has ended. */
const quietMs = 250;
/** Time without events after which a missing one does not come: on a busy machine threads start late. */
const comesMs = 3_000;
const pollMs = 20;

export interface ReceivedEvent {
  readonly body: string;
  /** Resolves when the event is confirmed, refused or lost. */
  readonly outcome: Promise<EventOutcome>;
  confirm(): void;
  refuse(): void;
}

/**
 * The check's analytics service. It runs in the check's process, where it outlives the learner's service,
 * and the check decides when an event is confirmed. An event is taken only if its sender is still there.
 */
export class Analytics {
  readonly url: string;
  readonly #server: Server;
  readonly #arrived: ReceivedEvent[] = [];
  // A Set keeps the order of insertion.
  readonly #waiting = new Set<(event: ReceivedEvent) => void>();
  #taker: ((event: ReceivedEvent) => void) | undefined;
  /** Resolves when all calls of the latest burst have their replies. */
  replied: Promise<unknown> = Promise.resolve();
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
    // Longer than a check takes: a client that opens a connection per event does so on its own.
    server.keepAliveTimeout = 120_000;
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new Analytics(server);
  }

  /** Returns the next event that was not asked for yet; undefined when none comes in time. */
  next(limitMs: number): Promise<ReceivedEvent | undefined> {
    const event = this.#arrived.shift();
    if (event !== undefined) {
      return Promise.resolve(event);
    }
    const { promise, resolve } = Promise.withResolvers<ReceivedEvent | undefined>();
    this.#waiting.add(resolve);
    const timer = globalThis.setTimeout(() => {
      this.#waiting.delete(resolve);
      resolve(undefined);
    }, limitMs);
    return promise.finally(() => clearTimeout(timer));
  }

  /** Returns the events that have arrived and were not asked for. */
  takeArrived(): readonly ReceivedEvent[] {
    return this.#arrived.splice(0);
  }

  /** Passes events to `taker` as they arrive. Default: they wait until asked for. */
  takeAll(taker: ((event: ReceivedEvent) => void) | undefined): void {
    this.#taker = taker;
  }

  /** Resolves when no event has come for a while. */
  async untilQuiet(): Promise<void> {
    for (let seen = -1; seen < this.#received; ) {
      seen = this.#received;
      await after(quietMs);
    }
  }

  /** Starts to count connections and events from zero. */
  restartWindow(): void {
    this.#opened = 0;
    this.#receivedBefore = this.#received;
  }

  /**
   * Waits for the window's events, or until none has come for a while. The window's connections are then
   * all counted, as each event comes on a connection that was opened before.
   */
  async untilReceived(count: number): Promise<void> {
    let known = this.#received;
    for (let sinceMs = 0; sinceMs < comesMs; sinceMs += pollMs) {
      if (this.#received - this.#receivedBefore >= count) {
        return;
      }
      if (this.#received > known) {
        known = this.#received;
        sinceMs = 0;
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
    const { promise: outcome, resolve } = Promise.withResolvers<EventOutcome>();
    response.on("close", () => resolve("lost"));
    const end = (status: number, came: EventOutcome) => {
      if (!response.writableEnded && !response.destroyed) {
        response.writeHead(status, { "content-type": "application/json" }).end("{}");
        response.on("finish", () => resolve(came));
      }
    };
    this.#received++;
    // A client that disconnects during the request causes "close".
    const body = await text(request).catch(() => "");
    const event: ReceivedEvent = {
      body,
      outcome,
      confirm: () => end(202, "confirmed"),
      refuse: () => end(503, "rejected"),
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

/** Resolves after a time, without keeping the process alive. */
export function after(ms: number): Promise<undefined> {
  return setTimeout(ms, undefined, { ref: false });
}
