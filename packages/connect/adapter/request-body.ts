import type { Readable } from "node:stream";

/** Max bytes that are read of a discarded body, so that its sender reads the response. */
export const maxDrainedBytes = 16 * 1024 * 1024;

const minBufferBytes = 4 * 1024;

export interface BodyReader {
  /** The first bytes have arrived. @returns whether to keep the body, which is discarded otherwise */
  onStart(start: Uint8Array): boolean;
  /** This many bytes have arrived. @returns whether to keep the body, which is discarded otherwise */
  onBytes(bytes: number): boolean;
  /** The body exceeds the maximum, and is discarded. */
  onTooLarge(): void;
  /** The body has ended. It is complete unless the exchange `isCutOff`, for which Node emits "end" as well. */
  onBody(body: Uint8Array): void;
  /** The body that was passed to the exchange's `deliver`. */
  onDelivered(body: Uint8Array): void;
}

/**
 * Reads a body into one buffer.
 *
 * A discarded body is read to its end: its sender would not read the response otherwise (over HTTP/2 it waits
 * for its window, over HTTP/1.1 the connection would be reset).
 */
export class RequestBody {
  readonly #maxBytes: number;
  readonly #reader: BodyReader;
  readonly #cut: () => void;
  /** The first chunk as it arrived, or an own buffer with all chunks. */
  #buffer: Uint8Array | undefined;
  #bytes = 0;
  #isWanted = true;

  /** @param cut ends a request whose discarded body is too long */
  constructor(source: Readable, maxBytes: number, reader: BodyReader, cut: () => void) {
    this.#maxBytes = maxBytes;
    this.#reader = reader;
    this.#cut = cut;
    source.on("data", (chunk: Uint8Array) => this.#add(chunk));
    source.on("end", () => this.#end());
  }

  /** Drops the received bytes and all that follow. */
  discard(): void {
    this.#isWanted = false;
    this.#buffer = undefined;
  }

  #add(chunk: Uint8Array): void {
    const isFirst = this.#bytes === 0;
    this.#bytes += chunk.length;
    if (this.#isWanted && !this.#isAccepted(chunk, isFirst)) {
      this.discard();
    }
    if (this.#isWanted) {
      this.#keep(chunk);
    } else if (this.#bytes > this.#maxBytes + maxDrainedBytes) {
      this.#cut();
    }
  }

  #isAccepted(chunk: Uint8Array, isFirst: boolean): boolean {
    if (isFirst && !this.#reader.onStart(chunk)) {
      return false;
    }
    if (this.#bytes > this.#maxBytes) {
      this.#reader.onTooLarge();
      return false;
    }
    return this.#reader.onBytes(this.#bytes);
  }

  /** Copies chunks into one buffer: each chunk keeps the whole buffer that was read from the socket. */
  #keep(chunk: Uint8Array): void {
    const before = this.#bytes - chunk.length;
    if (this.#buffer === undefined) {
      this.#buffer = chunk;
      return;
    }
    // The first chunk is full, so it is never written to.
    if (this.#bytes > this.#buffer.length) {
      const capacity = Math.max(minBufferBytes, Math.min(this.#maxBytes, 2 * this.#bytes));
      const larger = Buffer.allocUnsafe(capacity);
      larger.set(this.#buffer.subarray(0, before));
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, before);
  }

  #end(): void {
    if (this.#isWanted) {
      const body = this.#buffer?.subarray(0, this.#bytes) ?? nothing;
      this.#buffer = undefined;
      this.#reader.onBody(body);
    }
  }
}

const nothing = new Uint8Array(0);
