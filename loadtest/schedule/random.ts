import { hash } from "node:crypto";

export function seedOf(text: string): number {
  return hash("sha256", text, "buffer").readUInt32BE();
}

/**
 * Creates a generator of numbers from 0 (inclusive) to 1 (exclusive), the same for the same seed.
 *
 * @see https://www.jstatsoft.org/article/view/v008i14 Marsaglia, Xorshift RNGs (xorshift32)
 */
export function createRandom(seed: number): () => number {
  // The state must not be 0, and similar seeds must not give similar numbers.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const numberBytes = 4;
const uuidBytes = 16;
const noBytes = Buffer.alloc(0);

/** Random numbers of one call: the same for the same seed and call number, in any thread. */
export class CallRandom {
  readonly #seed: string;
  readonly #n: number;
  #blocks = 0;
  /** Most calls draw nothing, so nothing is made for them. */
  #unused: Buffer = noBytes;

  /** @param n the call's number, from 1 */
  constructor(seed: string, n: number) {
    this.#seed = seed;
    this.#n = n;
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  number(): number {
    return this.#draw(numberBytes).readUInt32LE() / 2 ** 32;
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4 */
  uuid(): string {
    const bytes = this.#draw(uuidBytes);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  #draw(bytes: number): Buffer {
    if (this.#unused.length < bytes) {
      this.#unused = hash("sha512", `${this.#seed} ${this.#n} ${this.#blocks++}`, "buffer");
    }
    const drawn = this.#unused.subarray(0, bytes);
    this.#unused = this.#unused.subarray(bytes);
    return drawn;
  }
}
