/** Bounds of the bytes that requests may hold. */
export interface ByteLimits {
  /** Max bytes of all calls together. */
  readonly maxBytes: number;
  /** Max bytes of the calls of one connection. */
  readonly maxConnectionBytes: number;
  /** Bytes that each connection may hold in any case, so that nobody can shut others out. */
  readonly minConnectionBytes: number;
}

/** Bytes that a call costs besides its message: its header and objects. */
const callBytes = 4 * 1024;

/**
 * Bounds the total bytes of requests, since a limit per message does not bound thousands of messages. A call
 * holds its request, as received and inflated, until its work has ended.
 */
export class ByteBudget {
  readonly #limits: ByteLimits;
  readonly #connections = new WeakMap<object, Sum>();
  readonly #all: Sum = { bytes: 0 };

  constructor(limits: ByteLimits) {
    this.#limits = limits;
  }

  /** Returns the account of a new call, which holds nothing yet. */
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

/** The bytes that a call holds. */
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
   * @param messageBytes bytes that the call holds of its message from now on
   * @returns whether there is room for them; nothing changes otherwise
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
