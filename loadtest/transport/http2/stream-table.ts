import type { Http2Stream } from "./stream.ts";

const firstCapacity = 128;

/**
 * A connection's open streams by their identifiers, in memory that is used again and again.
 *
 * A `Map` would do, but not for hours: each time it reorganizes, its old storage points to its new one,
 * so storage that has grown old keeps all that come after it until the next full garbage collection.
 * Identifiers come in order, so a table with a place for each, and the next free one for two that share
 * a place, is nearly always right at once.
 */
export class StreamTable {
  #places: (Http2Stream | undefined)[] = emptyPlaces(firstCapacity);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Http2Stream | undefined {
    return this.#places[this.#find(id)];
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** @param stream one that is not in the table */
  add(stream: Http2Stream): void {
    if (this.#size * 2 >= this.#places.length) {
      const streams = this.all();
      this.#places = emptyPlaces(this.#places.length * 2);
      for (const known of streams) {
        this.#places[this.#find(known.id)] = known;
      }
    }
    this.#places[this.#find(stream.id)] = stream;
    this.#size++;
  }

  delete(id: number): void {
    let hole = this.#find(id);
    if (this.#places[hole] === undefined) {
      return;
    }
    this.#size--;
    // Those that stand behind only because of it move up, or they would not be found.
    for (let at = this.#after(hole); ; at = this.#after(at)) {
      const stream = this.#places[at];
      if (stream === undefined) {
        break;
      }
      if (this.#distance(this.#home(stream.id), at) >= this.#distance(hole, at)) {
        this.#places[hole] = stream;
        hole = at;
      }
    }
    this.#places[hole] = undefined;
  }

  /** As they are now; the table may change while the caller goes through them. */
  all(): Http2Stream[] {
    return this.#places.flatMap((stream) => stream ?? []);
  }

  /** The place of the stream, or the one where it would be. */
  #find(id: number): number {
    let at = this.#home(id);
    for (;;) {
      const stream = this.#places[at];
      if (stream === undefined || stream.id === id) {
        return at;
      }
      at = this.#after(at);
    }
  }

  /** A client's identifiers are odd. */
  #home(id: number): number {
    return (id >>> 1) & (this.#places.length - 1);
  }

  #after(place: number): number {
    return (place + 1) & (this.#places.length - 1);
  }

  #distance(from: number, to: number): number {
    return (to - from) & (this.#places.length - 1);
  }
}

/** @param capacity a power of two */
function emptyPlaces(capacity: number): (Http2Stream | undefined)[] {
  return Array.from({ length: capacity }, () => undefined);
}
