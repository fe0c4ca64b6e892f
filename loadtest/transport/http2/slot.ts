import { Backoff } from "../backoff.ts";
import { unreachable } from "../http1/reason.ts";
import { openSocket } from "../open-socket.ts";
import type { TransportFailure, TransportOptions } from "../transport.ts";
import { Http2Connection } from "./connection.ts";
import type { Http2Stream } from "./stream.ts";

/** Until the server's settings are here, nobody knows whether it speaks HTTP/2. */
const settingsTimeoutMs = 5_000;

export interface SlotEvents {
  onFreeStream(): void;
  onAttemptFailed(failure: TransportFailure): void;
}

/** A place for one connection, which is made again when it is lost. */
export class Slot {
  readonly #options: TransportOptions;
  readonly #index: number;
  readonly #events: SlotEvents;
  readonly #backoff = new Backoff();
  /** The one that takes requests. */
  #connection: Http2Connection | undefined;
  /** Those that take no more, but have calls in progress. */
  readonly #retired = new Set<Http2Connection>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #giveUp = () => {};

  constructor(options: TransportOptions, index: number, events: SlotEvents) {
    this.#options = options;
    this.#index = index;
    this.#events = events;
  }

  get isUp(): boolean {
    return this.#connection?.isReady === true;
  }

  get hasFreeStream(): boolean {
    return this.#connection?.hasFreeStream === true;
  }

  open(stream: Http2Stream): void {
    this.#connection?.open(stream);
  }

  /** The first attempt. Rejects with the reason when it fails; later ones go on by themselves. */
  async connect(): Promise<void> {
    const failure = await this.#attempt();
    if (failure) {
      this.close();
      throw new Error(failure.message);
    }
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#giveUp();
    for (const connection of [...this.#retired, this.#connection]) {
      connection?.close();
    }
  }

  #reconnect(): void {
    if (this.#isClosed) {
      return;
    }
    this.#timer = setTimeout(async () => {
      const failure = await this.#attempt();
      if (failure) {
        this.#events.onAttemptFailed(failure);
        this.#reconnect();
      }
    }, this.#backoff.nextMs());
  }

  #attempt(): Promise<TransportFailure | undefined> {
    const { promise, resolve } = Promise.withResolvers<TransportFailure | undefined>();
    const { url } = this.#options;
    const socket = openSocket(this.#options, "h2", () => {
      socket.off("error", onError);
      if ("alpnProtocol" in socket && socket.alpnProtocol !== "h2") {
        socket.destroy();
        const message = `${url.origin} does not offer HTTP/2 over TLS; try --http 1.1`;
        resolve({ code: "unavailable", message });
        return;
      }
      this.#speak(socket, resolve);
    });
    const onError = (error: Error) => resolve(unreachable(url, error));
    socket.on("error", onError);
    this.#giveUp = () => socket.destroy();
    // Without an error only when it is given up.
    socket.once("close", () =>
      resolve({ code: "unavailable", message: `${url.origin} closed the connection` }),
    );
    return promise;
  }

  #speak(
    socket: ReturnType<typeof openSocket>,
    resolve: (failure: TransportFailure | undefined) => void,
  ): void {
    const { url } = this.#options;
    const timer = setTimeout(() => {
      const seconds = settingsTimeoutMs / 1_000;
      const message = `${url.origin} said nothing in HTTP/2 within ${seconds} s; try --http 1.1`;
      resolve({ code: "unavailable", message });
      connection.close();
    }, settingsTimeoutMs);
    let wasUp = false;
    const connection = new Http2Connection(socket, this.#index, {
      onReady: () => {
        clearTimeout(timer);
        wasUp = true;
        this.#backoff.reset();
        this.#connection = connection;
        resolve(undefined);
        this.#events.onFreeStream();
      },
      onFreeStream: this.#events.onFreeStream,
      onRetired: () => {
        if (wasUp) {
          this.#connection = undefined;
          this.#retired.add(connection);
          this.#reconnect();
        }
      },
      onClosed: (failure) => {
        clearTimeout(timer);
        this.#retired.delete(connection);
        resolve(failure);
      },
    });
  }
}
