/** A chunk this large is kept as it is: most of the buffer that was read from the socket is its own. */
const minKeptBytes = 8 * 1024;
const minTailBytes = 4 * 1024;
const maxTailBytes = 64 * 1024;

/** Collects the chunks of a body, or of a message. */
export class RequestBody {
  #parts: Uint8Array[] = [];
  /** Buffer with room for small chunks, each of which would keep the whole buffer that it arrived in. */
  #tail: Buffer | undefined;
  #tailBytes = 0;
  #bytes = 0;

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Uint8Array): void {
    const isFirst = this.#bytes === 0;
    this.#bytes += chunk.length;
    if (isFirst || chunk.length >= minKeptBytes) {
      this.#closeTail();
      this.#parts.push(chunk);
      return;
    }
    if (this.#tail === undefined || this.#tail.length - this.#tailBytes < chunk.length) {
      this.#closeTail();
      // As much again as there is, so that many tiny chunks take few buffers.
      const size = Math.min(maxTailBytes, Math.max(minTailBytes, this.#bytes));
      this.#tail = Buffer.allocUnsafe(size);
    }
    this.#tail.set(chunk, this.#tailBytes);
    this.#tailBytes += chunk.length;
  }

  /** Returns the body, and keeps it no longer. */
  take(): Uint8Array {
    this.#closeTail();
    const [first = nothing] = this.#parts;
    const body = this.#parts.length > 1 ? Buffer.concat(this.#parts, this.#bytes) : first;
    this.drop();
    return body;
  }

  drop(): void {
    this.#parts = [];
    this.#tail = undefined;
    this.#tailBytes = 0;
    this.#bytes = 0;
  }

  #closeTail(): void {
    if (this.#tail !== undefined) {
      this.#parts.push(this.#tail.subarray(0, this.#tailBytes));
      this.#tail = undefined;
      this.#tailBytes = 0;
    }
  }
}

const nothing = new Uint8Array(0);
