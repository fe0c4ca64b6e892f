import type { Http2Stream } from "./stream.ts";

const initialCapacity = 128;

/**
 * The open streams of a connection by identifier, in memory that is reused: a hash table with linear
 * probing.
 *
 * A `Map` is not used because, each time it rehashes, its old storage points to the new one. In a run
 * of hours, storage in the old generation then retains everything after it until the next full garbage
 * collection. Identifiers are consecutive, so the first lookup almost always succeeds.
 */
export class StreamTable {
  #entries: (Http2Stream | undefined)[] = emptyEntries(initialCapacity);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Http2Stream | undefined {
    return this.#entries[this.#find(id)];
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** @param stream must not be in the table */
  add(stream: Http2Stream): void {
    if (this.#size * 2 >= this.#entries.length) {
      const streams = this.all();
      this.#entries = emptyEntries(this.#entries.length * 2);
      for (const known of streams) {
        this.#entries[this.#find(known.id)] = known;
      }
    }
    this.#entries[this.#find(stream.id)] = stream;
    this.#size++;
  }

  delete(id: number): void {
    let hole = this.#find(id);
    if (this.#entries[hole] === undefined) {
      return;
    }
    this.#size--;
    // Streams that were displaced by the deleted one move up, or `find` would stop before them.
    for (let at = this.#after(hole); ; at = this.#after(at)) {
      const stream = this.#entries[at];
      if (stream === undefined) {
        break;
      }
      if (this.#distance(this.#home(stream.id), at) >= this.#distance(hole, at)) {
        this.#entries[hole] = stream;
        hole = at;
      }
    }
    this.#entries[hole] = undefined;
  }

  /** A copy, so that the table may change during iteration. */
  all(): Http2Stream[] {
    return this.#entries.flatMap((stream) => stream ?? []);
  }

  /** Index of the stream, or of the entry where it would be. */
  #find(id: number): number {
    let at = this.#home(id);
    for (;;) {
      const stream = this.#entries[at];
      if (stream === undefined || stream.id === id) {
        return at;
      }
      at = this.#after(at);
    }
  }

  /** Client streams have odd identifiers. */
  #home(id: number): number {
    return (id >>> 1) & (this.#entries.length - 1);
  }

  #after(index: number): number {
    return (index + 1) & (this.#entries.length - 1);
  }

  #distance(from: number, to: number): number {
    return (to - from) & (this.#entries.length - 1);
  }
}

/** @param capacity a power of two */
function emptyEntries(capacity: number): (Http2Stream | undefined)[] {
  return Array.from({ length: capacity }, () => undefined);
}
