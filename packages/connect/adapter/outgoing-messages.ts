import { envelope, envelopePrefix, prefixBytes } from "./envelope.ts";
import type { Exchange, Fields } from "./exchange.ts";
import type { ResponseEnd } from "./protocols.ts";

/** Bytes that are sent at once: what fits into one DATA frame of HTTP/2. */
const maxPendingBytes = 16 * 1024;

/** Sends the messages of a stream, those of one turn of the event loop together. */
export class OutgoingMessages {
  readonly #exchange: Exchange;
  /** Header of the response, once it is decided; it is sent with the first messages. */
  header: Fields | undefined;
  #isStarted = false;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #isScheduled = false;
  #resolveDrained: (() => void) | undefined;
  /** Resolves when the caller has taken what was sent; undefined while more can be sent. */
  drained: Promise<void> | undefined;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  add(flags: number, message: Uint8Array): void {
    if (message.length >= maxPendingBytes) {
      // Sent as it is: a copy would cost more than a frame.
      this.#pending.push(envelopePrefix(flags, message.length));
      this.#flush();
      this.#write(message);
      return;
    }
    this.#pending.push(envelope(flags, message));
    this.#pendingBytes += prefixBytes + message.length;
    if (this.#pendingBytes >= maxPendingBytes) {
      this.#flush();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      // Runs after the promise jobs that this turn of the event loop still has.
      process.nextTick(() => {
        this.#isScheduled = false;
        this.#flush();
      });
    }
  }

  onDrain(): void {
    this.drained = undefined;
    this.#resolveDrained?.();
  }

  end(header: Fields, { body, trailer }: ResponseEnd): void {
    if (body !== undefined) {
      this.#pending.push(body);
    }
    const rest = this.#takePending();
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#exchange.respond({ status: 200, header, body: rest, trailer });
      return;
    }
    if (rest !== undefined) {
      this.#exchange.write(rest);
    }
    this.#exchange.end(trailer);
  }

  #flush(): void {
    const chunk = this.#takePending();
    if (chunk === undefined) {
      return;
    }
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#exchange.start(this.header ?? {});
    }
    this.#write(chunk);
  }

  #write(chunk: Uint8Array): void {
    if (!this.#exchange.write(chunk)) {
      this.drained ??= new Promise((resolve) => {
        this.#resolveDrained = resolve;
      });
    }
  }

  #takePending(): Uint8Array | undefined {
    const [first] = this.#pending;
    const chunk = this.#pending.length > 1 ? Buffer.concat(this.#pending) : first;
    this.#pending = [];
    this.#pendingBytes = 0;
    return chunk;
  }
}
