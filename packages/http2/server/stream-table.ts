import type { OpenStream } from "./stream.ts";

/** How many streams that were reset are remembered. */
const recentCapacity = 256;

/** Streams of a connection by number: the open ones, and those that the peer may not know are reset. */
export class StreamTable {
  readonly #open = new Map<number, OpenStream>();
  /** The stream looked up last: frames of one stream often follow each other. */
  #latest: OpenStream | undefined;
  #lastId = 0;
  /** Numbers that the newest stream skipped, which no stream may have afterwards. */
  #skippedFrom = 0;
  #skippedTo = 0;
  /** Ring of streams that this side reset; made when the first one is. */
  #reset: number[] = [];
  #resets = 0;

  get size(): number {
    return this.#open.size;
  }

  /** Largest number that the peer has used. */
  get lastId(): number {
    return this.#lastId;
  }

  get(id: number): OpenStream | undefined {
    return this.#latest?.id === id ? this.#latest : this.#open.get(id);
  }

  /** Notes that the peer has used a number greater than all before. */
  use(id: number): void {
    if (id > this.#lastId + 2) {
      this.#skippedFrom = this.#lastId + 2;
      this.#skippedTo = id - 2;
    }
    this.#lastId = id;
  }

  add(stream: OpenStream): void {
    this.#open.set(stream.id, stream);
    this.#latest = stream;
  }

  delete(stream: OpenStream): void {
    this.#open.delete(stream.id);
    if (this.#latest === stream) {
      this.#latest = undefined;
    }
  }

  /** Frames that the peer sent before it knew of the reset are to be ignored. */
  noteReset(id: number): void {
    this.#reset[this.#resets++ % recentCapacity] = id;
  }

  wasReset(id: number): boolean {
    return this.#reset.includes(id);
  }

  wasSkipped(id: number): boolean {
    return id >= this.#skippedFrom && id <= this.#skippedTo;
  }

  /** The open streams as they are now. */
  all(): OpenStream[] {
    return [...this.#open.values()];
  }
}
