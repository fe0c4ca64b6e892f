/** Bytes that callers make a server hold, and where they end. */
export interface ByteLimits {
  /** Max bytes of all calls together. */
  readonly maxBytes: number;
  /** Max bytes of the calls of one connection. */
  readonly maxConnectionBytes: number;
  /** Bytes that a connection may hold even when all together hold their max: nobody can shut others out. */
  readonly minConnectionBytes: number;
}

/** What a call costs besides its message, in bytes: its header and the objects that are made for it. */
const callBytes = 4 * 1024;

/**
 * Bounds in sum what callers make a server hold: a limit per message says nothing of thousands of them. A call
 * holds its request, as it comes in and inflated, until its work has ended.
 */
export class ByteBudget {
  readonly #limits: ByteLimits;
  readonly #connections = new WeakMap<object, Sum>();
  readonly #all: Sum = { bytes: 0 };

  constructor(limits: ByteLimits) {
    this.#limits = limits;
  }

  /** What a new call on this connection holds: nothing yet. */
  open(connection: object): HeldBytes {
    let sum = this.#connections.get(connection);
    if (sum === undefined) {
      sum = { bytes: 0 };
      this.#connections.set(connection, sum);
    }
    return new HeldBytes(this.#limits, this.#all, sum);
  }
}

interface Sum {
  bytes: number;
}

/** The bytes that one call holds. */
export class HeldBytes {
  readonly #limits: ByteLimits;
  readonly #all: Sum;
  readonly #connection: Sum;
  #bytes = 0;

  constructor(limits: ByteLimits, all: Sum, connection: Sum) {
    this.#limits = limits;
    this.#all = all;
    this.#connection = connection;
  }

  /**
   * @param messageBytes what the call holds of its message from now on
   * @returns whether there is room for that; what it holds stays as it was otherwise
   */
  hold(messageBytes: number): boolean {
    const more = callBytes + messageBytes - this.#bytes;
    if (more > 0 && !this.#hasRoom(more)) {
      return false;
    }
    this.#add(more);
    return true;
  }

  #hasRoom(more: number): boolean {
    const { maxBytes, maxConnectionBytes, minConnectionBytes } = this.#limits;
    const connectionBytes = this.#connection.bytes + more;
    return (
      connectionBytes <= minConnectionBytes ||
      (connectionBytes <= maxConnectionBytes && this.#all.bytes + more <= maxBytes)
    );
  }

  release(): void {
    this.#add(-this.#bytes);
  }

  #add(bytes: number): void {
    this.#bytes += bytes;
    this.#all.bytes += bytes;
    this.#connection.bytes += bytes;
  }
}
