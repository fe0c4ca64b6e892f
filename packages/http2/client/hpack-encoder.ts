import { defaultTableBytes, type Field, fieldBytes, staticTable } from "./hpack-table.ts";

/** Fields that must not enter a table, where their values could be guessed. */
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
 * Encodes the header blocks of one connection. Fields enter the table until it is full and are
 * never evicted, so a repeated request costs one byte per field.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7541
 */
export class HpackEncoder {
  /** Position of each field in the table, from the oldest at 0. */
  #inserted = new Map<string, number>();
  #usedBytes = 0;
  #maxBytes = defaultTableBytes;
  /** Whether the next block must announce a changed table size. */
  #mustAnnounce = false;
  #version = 0;
  #out = Buffer.allocUnsafe(1_024);
  #at = 0;

  /** A block can be sent again if the version was the same before and after its encoding. */
  get version(): number {
    return this.#version;
  }

  /** Applies the table size that the server allows, and clears the table. */
  limitTable(bytes: number): void {
    const maxBytes = Math.min(bytes, defaultTableBytes);
    if (maxBytes === this.#maxBytes) {
      return;
    }
    this.#maxBytes = maxBytes;
    this.#mustAnnounce = true;
    this.#inserted = new Map();
    this.#usedBytes = 0;
    this.#version++;
  }

  /** Blocks must be sent in the order of the calls. The result is valid until the next call. */
  encode(fields: readonly Field[]): Uint8Array {
    this.#at = 0;
    if (this.#mustAnnounce) {
      // Size 0 first, which clears the server's table too.
      this.#integer(0, 5, 0x20);
      this.#integer(this.#maxBytes, 5, 0x20);
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
    } else if (this.#usedBytes + fieldBytes(field) > this.#maxBytes) {
      this.#literal(name, value, 4, 0x00);
    } else {
      this.#literal(name, value, 6, 0x40);
      this.#usedBytes += fieldBytes(field);
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
    // More octets than any number here needs.
    this.#makeRoom(8);
    const max = 2 ** prefixBits - 1;
    if (value < max) {
      this.#out[this.#at++] = flags | value;
      return;
    }
    this.#out[this.#at++] = flags | max;
    let rest = value - max;
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
