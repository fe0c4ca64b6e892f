import { defaultTableBytes, type Field, sizeOf, staticTable } from "./hpack-table.ts";

/** These must not be left in a table that others could probe. */
const secret = new Set(["authorization", "cookie", "proxy-authorization"]);

const staticFields = new Map<string, number>();
const staticNames = new Map<string, number>();
staticTable.forEach((field, at) => {
  staticFields.set(keyOf(field), at + 1);
  if (!staticNames.has(field[0])) {
    staticNames.set(field[0], at + 1);
  }
});

/**
 * Encodes the header blocks of one connection. Fields are put into the table until it is full, and
 * never evicted, so a request that is sent again costs a byte a field.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7541
 */
export class HpackEncoder {
  /** Which of the table's fields it is, the oldest being 0. */
  #inserted = new Map<string, number>();
  #usedBytes = 0;
  #limitBytes = defaultTableBytes;
  /** The server has been promised another limit, and not told yet that it is kept. */
  #mustAnnounce = false;
  #version = 0;
  #out = Buffer.allocUnsafe(1_024);
  #at = 0;

  /** A block may be sent again while this is what it was before the block was made, and after. */
  get version(): number {
    return this.#version;
  }

  /** The server allows a table of so many bytes. What it has is forgotten. */
  limitTable(bytes: number): void {
    const limit = Math.min(bytes, defaultTableBytes);
    if (limit === this.#limitBytes) {
      return;
    }
    this.#limitBytes = limit;
    this.#mustAnnounce = true;
    this.#inserted = new Map();
    this.#usedBytes = 0;
    this.#version++;
  }

  /** The blocks must be sent in the order they were made. The result is valid until the next call. */
  encode(fields: readonly Field[]): Uint8Array {
    this.#at = 0;
    if (this.#mustAnnounce) {
      // By way of 0, which empties the server's table too.
      this.#integer(0, 5, 0x20);
      this.#integer(this.#limitBytes, 5, 0x20);
      this.#mustAnnounce = false;
      this.#version++;
    }
    for (const field of fields) {
      this.#field(field);
    }
    return this.#out.subarray(0, this.#at);
  }

  #field(field: Field): void {
    const [name, value] = field;
    const key = keyOf(field);
    const inserted = this.#inserted.get(key);
    // The newest field has the lowest index.
    const index =
      inserted === undefined
        ? staticFields.get(key)
        : staticTable.length + this.#inserted.size - inserted;
    if (index !== undefined) {
      this.#integer(index, 7, 0x80);
    } else if (secret.has(name)) {
      this.#literal(name, value, 4, 0x10);
    } else if (this.#usedBytes + sizeOf(field) > this.#limitBytes) {
      this.#literal(name, value, 4, 0x00);
    } else {
      this.#literal(name, value, 6, 0x40);
      this.#usedBytes += sizeOf(field);
      this.#inserted.set(key, this.#inserted.size);
      this.#version++;
    }
  }

  #literal(name: string, value: string, prefixBits: number, flags: number): void {
    const nameIndex = staticNames.get(name) ?? 0;
    this.#integer(nameIndex, prefixBits, flags);
    if (nameIndex === 0) {
      this.#string(name);
    }
    this.#string(value);
  }

  #integer(value: number, prefixBits: number, flags: number): void {
    // More octets than any of our numbers needs.
    this.#makeRoom(8);
    const most = 2 ** prefixBits - 1;
    if (value < most) {
      this.#out[this.#at++] = flags | value;
      return;
    }
    this.#out[this.#at++] = flags | most;
    let rest = value - most;
    for (; rest >= 128; rest = Math.floor(rest / 128)) {
      this.#out[this.#at++] = (rest % 128) | 0x80;
    }
    this.#out[this.#at++] = rest;
  }

  #string(text: string): void {
    this.#integer(text.length, 7, 0);
    this.#makeRoom(text.length);
    this.#at += this.#out.write(text, this.#at, "latin1");
  }

  #makeRoom(bytes: number): void {
    if (this.#out.length - this.#at < bytes) {
      const larger = Buffer.allocUnsafe(2 * (this.#at + bytes));
      larger.set(this.#out);
      this.#out = larger;
    }
  }
}

function keyOf([name, value]: Field): string {
  return `${name}\0${value}`;
}
