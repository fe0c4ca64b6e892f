import type { Readable } from "node:stream";
import type { BodyReader } from "./exchange.ts";

/** How much of a body that is not wanted is still read, in bytes, so that its sender hears of it. */
export const mostDrainedBytes = 16 * 1024 * 1024;

const minBufferBytes = 4 * 1024;

/**
 * Reads a body into one piece.
 *
 * One that is not wanted, or not any more, is read on and thrown away: a caller that is still writing would not
 * read the answer otherwise (over HTTP/2 it waits for its window, over HTTP/1.1 its connection would die).
 */
export class RequestBody {
  readonly #mostBytes: number;
  readonly #reader: BodyReader;
  readonly #cut: () => void;
  /** The first chunk as it came, or a buffer of our own with all chunks. */
  #buffer: Uint8Array | undefined;
  #bytes = 0;
  #isWanted = true;

  /** @param cut ends a request that goes on and on */
  constructor(source: Readable, mostBytes: number, reader: BodyReader, cut: () => void) {
    this.#mostBytes = mostBytes;
    this.#reader = reader;
    this.#cut = cut;
    source.on("data", (chunk: Uint8Array) => this.#add(chunk));
    source.on("end", () => this.#end());
  }

  /** Lets go of what has come, and throws away what comes. */
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
    } else if (this.#bytes > this.#mostBytes + mostDrainedBytes) {
      this.#cut();
    }
  }

  #isAccepted(chunk: Uint8Array, isFirst: boolean): boolean {
    if (isFirst && !this.#reader.onStart(chunk)) {
      return false;
    }
    if (this.#bytes > this.#mostBytes) {
      this.#reader.onTooLarge();
      return false;
    }
    return this.#reader.onBytes(this.#bytes);
  }

  /**
   * Chunks are copied into one buffer: each is a part of what was read from the socket at once, and keeps all
   * of that, so that a body of small chunks would hold many times its size.
   */
  #keep(chunk: Uint8Array): void {
    const before = this.#bytes - chunk.length;
    if (this.#buffer === undefined) {
      this.#buffer = chunk;
      return;
    }
    // The first chunk is full, so it is not written to.
    if (this.#bytes > this.#buffer.length) {
      const capacity = Math.max(minBufferBytes, Math.min(this.#mostBytes, 2 * this.#bytes));
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
