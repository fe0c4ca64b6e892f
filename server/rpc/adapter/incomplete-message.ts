import { prefixBytes } from "./envelope.ts";

/** Counts what has come of the message of a stream that is not complete yet. */
export class IncompleteMessage {
  #prefix: number[] = [];
  #restBytes = 0;
  #bytes = 0;

  /** @returns the bytes of the incomplete message, with those of this chunk */
  add(chunk: Uint8Array): number {
    for (let at = 0; at < chunk.length; ) {
      if (this.#restBytes > 0) {
        const taken = Math.min(this.#restBytes, chunk.length - at);
        at += taken;
        this.#restBytes -= taken;
        this.#bytes += taken;
      } else {
        this.#prefix.push(chunk[at] ?? 0);
        at++;
        this.#bytes++;
        if (this.#prefix.length < prefixBytes) {
          continue;
        }
        this.#restBytes = Buffer.from(this.#prefix).readUInt32BE(1);
        this.#prefix = [];
      }
      if (this.#restBytes === 0) {
        this.#bytes = 0;
      }
    }
    return this.#bytes;
  }
}
