/** Number of streams that were reset and are remembered. */
const recentCapacity = 256;
/** Power of two. */
const firstCapacity = 16;

/**
 * Streams of a connection by number: the open ones, and those that the peer may not know are reset.
 *
 * Numbers come in order, so an array with a place for each, and the next free one for two that share a
 * place, finds a stream at once. A `Map` replaces its storage again and again as streams come and go,
 * and storage that has grown old keeps all that came after it until the next full garbage collection.
 */
export class StreamTable<Stream extends { readonly id: number }> {
  #places: (Stream | undefined)[] = new Array(firstCapacity).fill(undefined);
  #size = 0;
  #lastId = 0;
  /** Numbers that the newest stream skipped, which no stream may have afterwards. */
  #skippedFrom = 0;
  #skippedTo = 0;
  /** Ring of streams that this side reset; made when the first one is. */
  #reset: number[] = [];
  #resets = 0;

  get size(): number {
    return this.#size;
  }

  /** Largest number that the peer has used. */
  get lastId(): number {
    return this.#lastId;
  }

  get(id: number): Stream | undefined {
    return this.#places[this.#find(id)];
  }

  /** Notes that the peer has used a number greater than all before. */
  use(id: number): void {
    if (id > this.#lastId + 2) {
      this.#skippedFrom = this.#lastId + 2;
      this.#skippedTo = id - 2;
    }
    this.#lastId = id;
  }

  add(stream: Stream): void {
    if (this.#size * 2 >= this.#places.length) {
      const streams = this.all();
      this.#places = new Array(this.#places.length * 2).fill(undefined);
      for (const known of streams) {
        this.#places[this.#find(known.id)] = known;
      }
    }
    this.#places[this.#find(stream.id)] = stream;
    this.#size++;
  }

  delete(stream: Stream): void {
    let hole = this.#find(stream.id);
    if (this.#places[hole] === undefined) {
      return;
    }
    this.#size--;
    const mask = this.#places.length - 1;
    // Streams that stand behind only because of this one move up, or they would not be found.
    for (let at = (hole + 1) & mask; ; at = (at + 1) & mask) {
      const other = this.#places[at];
      if (other === undefined) {
        break;
      }
      const home = (other.id >>> 1) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        this.#places[hole] = other;
        hole = at;
      }
    }
    this.#places[hole] = undefined;
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
  all(): Stream[] {
    return this.#places.filter((stream) => stream !== undefined);
  }

  /** Place of a stream, or the one where it would be. */
  #find(id: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    let at = (id >>> 1) & mask;
    for (;;) {
      const stream = places[at];
      if (stream === undefined || stream.id === id) {
        return at;
      }
      at = (at + 1) & mask;
    }
  }
}
