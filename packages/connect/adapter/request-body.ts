const minBufferBytes = 4 * 1024;

/** Collects the chunks of a body in one buffer. */
export class RequestBody {
  readonly #maxBytes: number;
  /** The first chunk as it arrived, or an own buffer with all chunks. */
  #buffer: Uint8Array | undefined;
  #bytes = 0;

  /** @param maxBytes bytes that a body may have; a buffer is never larger */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes so far, without the dropped ones. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies chunks into one buffer: each chunk keeps the whole buffer that was read from the socket. */
  add(chunk: Uint8Array): void {
    const before = this.#bytes;
    this.#bytes += chunk.length;
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

  /** Returns the body, and keeps it no longer. */
  take(): Uint8Array {
    const body = this.#buffer?.subarray(0, this.#bytes) ?? nothing;
    this.drop();
    return body;
  }

  drop(): void {
    this.#buffer = undefined;
    this.#bytes = 0;
  }
}

const nothing = new Uint8Array(0);
