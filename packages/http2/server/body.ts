const smallBytes = 4 * 1_024;

/**
 * Body that is being collected. Small parts are copied: kept as views they would hold on to the
 * whole chunks of the socket that they arrived in.
 */
export class CollectedBody {
  bytes = 0;
  readonly #parts: Uint8Array[] = [];
  /** Last of the parts when there is room for more in it, and how much of it is used. */
  #tail: Buffer | undefined;
  #tailBytes = 0;

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (chunk.length >= smallBytes) {
      this.#closeTail();
      this.#parts.push(chunk);
      return;
    }
    let tail = this.#tail;
    if (tail === undefined || tail.length - this.#tailBytes < chunk.length) {
      this.#closeTail();
      // As much again as there is, so that many tiny parts cost little more than their bytes.
      const room = Math.min(4 * smallBytes, Math.max(256, chunk.length, this.bytes));
      tail = Buffer.allocUnsafeSlow(room);
      this.#tail = tail;
    }
    this.#tailBytes += chunk.copy(tail, this.#tailBytes);
  }

  /** @param last what arrived just now; may be a view */
  join(last: Buffer): Buffer {
    this.#closeTail();
    return Buffer.concat([...this.#parts, last]);
  }

  #closeTail(): void {
    if (this.#tail !== undefined) {
      this.#parts.push(this.#tail.subarray(0, this.#tailBytes));
      this.#tail = undefined;
      this.#tailBytes = 0;
    }
  }
}
