import type {
  PreparedRequest,
  Receiver,
  RequestHead,
  Sending,
  Transport,
  TransportFailure,
  TransportOptions,
} from "../transport.ts";
import { PreparedHttp2Request } from "./prepared.ts";
import { Slot } from "./slot.ts";
import { Http2Stream, type StreamOwner } from "./stream.ts";

/** HTTP/2 over cleartext ("prior knowledge") or TLS. */
export function createHttp2Transport(options: TransportOptions): Transport {
  return new Http2Transport(options);
}

class Http2Transport implements Transport, StreamOwner {
  readonly #options: TransportOptions;
  readonly #slots: readonly Slot[];
  /** Requests that no connection has a free stream for, in order. */
  readonly #waiting = new Set<Http2Stream>();
  #next = 0;
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#slots = Array.from(
      { length: options.connections },
      (_, index) =>
        new Slot(options, index, {
          onFreeStream: () => this.#sendWaiting(),
          onAttemptFailed: (failure) => this.#failWaiting(failure),
        }),
    );
  }

  async connect(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.connect()));
  }

  prepare(head: RequestHead, body: Buffer): PreparedRequest {
    const request = new PreparedHttp2Request(this.#options.url, head, body);
    return { send: (receiver) => this.#send(request, receiver) };
  }

  close(): void {
    this.#isClosed = true;
    for (const slot of this.#slots) {
      slot.close();
    }
    this.#failWaiting({ code: "canceled", message: "The client closed the connection" });
  }

  /** For streams that still wait; those on a connection are its own. */
  cancel(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  #send(request: PreparedHttp2Request, receiver: Receiver): Sending {
    const stream = new Http2Stream(request, receiver, this);
    if (this.#waiting.size > 0 || !this.#open(stream)) {
      this.#waiting.add(stream);
      if (this.#isClosed) {
        process.nextTick(() => this.close());
      }
    }
    return stream;
  }

  /** @returns whether a connection had a free stream */
  #open(stream: Http2Stream): boolean {
    const { length } = this.#slots;
    for (let tried = 0; tried < length; tried++) {
      const slot = this.#slots[this.#next];
      this.#next = (this.#next + 1) % length;
      if (slot?.hasFreeStream) {
        slot.open(stream);
        return true;
      }
    }
    return false;
  }

  #sendWaiting(): void {
    for (const stream of this.#waiting) {
      if (!this.#open(stream)) {
        return;
      }
      this.#waiting.delete(stream);
    }
  }

  /** Only when no connection is up: the others will have a free stream some time. */
  #failWaiting(failure: TransportFailure): void {
    if (this.#slots.some((slot) => slot.isUp)) {
      return;
    }
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const { receiver } of waiting) {
      receiver.fail(failure);
    }
  }
}
