/** Enough for an error's details; what is longer must not fill the memory of a load. */
export const mostKeptBytes = 65_536;

/** The part of a response that is read as text once it is whole: an error, or trailers. */
export class KeptBody {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  /** Whether it is longer than 64 KiB, so that only its begin is kept. */
  get isCut(): boolean {
    return this.#bytes > mostKeptBytes;
  }

  /** @param chunk is copied, since it is valid during the call alone */
  add(chunk: Buffer): void {
    const room = mostKeptBytes - this.#bytes;
    this.#bytes += chunk.length;
    if (room > 0) {
      this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}
