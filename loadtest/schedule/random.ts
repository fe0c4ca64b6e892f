import { hash } from "node:crypto";

/** Seed for `createRandom` from a text. */
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

/**
 * Random numbers of one call: the same for the same seed and call number, in any thread.
 *
 * @see https://www.jstatsoft.org/article/view/v008i14 Marsaglia, Xorshift RNGs (xor128)
 */
export class CallRandom {
  readonly #seed: string;
  readonly #n: number;
  /** Undefined until the first draw; most calls draw nothing. */
  #state: Uint32Array | undefined;

  /** @param n the call's number, from 1 */
  constructor(seed: string, n: number) {
    this.#seed = seed;
    this.#n = n;
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  number(): number {
    return this.#draw() / 2 ** 32;
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-4 */
  uuid(): string {
    const bytes = Buffer.alloc(16);
    for (let at = 0; at < bytes.length; at += 4) {
      bytes.writeUInt32BE(this.#draw(), at);
    }
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  /** A whole number of 32 bits. */
  #draw(): number {
    this.#state ??= stateOf(`${this.#seed} ${this.#n}`);
    const [x = 0, y = 0, z = 0, w = 0] = this.#state;
    const t = x ^ (x << 11);
    this.#state.set([y, z, w, w ^ (w >>> 19) ^ t ^ (t >>> 8)]);
    return this.#state[3] ?? 0;
  }
}

/** A state of 128 bits, so that no two calls get the same numbers. */
function stateOf(text: string): Uint32Array {
  const digest = hash("sha256", text, "buffer");
  return Uint32Array.from([0, 4, 8, 12], (at) => digest.readUInt32LE(at));
}
