import {
  defaultTableBytes,
  type Field,
  fieldBytes,
  fieldKey,
  staticIndexes,
  staticNameIndexes,
  staticTable,
} from "./hpack-table.ts";

/** Fields that must not enter any table, where their values could be guessed. */
const secretNames = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);

/** An index or a length takes no more bytes. */
const maxIntegerBytes = 6;
/** Block being encoded, by any encoder: none is interrupted. */
let scratch = Buffer.allocUnsafeSlow(1_024);
let size = 0;

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
  #maxBytes: number;
  /** Whether the next block must announce a changed table size. */
  #mustAnnounce = false;
  #version = 0;

  /** @param tableBytes size of the table; 0 for blocks that any connection takes at any time */
  constructor(tableBytes = defaultTableBytes) {
    this.#maxBytes = tableBytes;
  }

  /** A block can be sent again if the version was the same before and after its encoding. */
  get version(): number {
    return this.#version;
  }

  /** Applies the table size that the peer allows, and clears the table. */
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

  /** Blocks must be sent in the order of the calls, unless the table has 0 bytes. */
  encode(fields: readonly Field[]): Uint8Array {
    size = 0;
    if (this.#mustAnnounce) {
      // Size 0 first, which clears the peer's table too.
      writeInteger(0, 5, 0x20);
      writeInteger(this.#maxBytes, 5, 0x20);
      this.#mustAnnounce = false;
      this.#version++;
    }
    for (const [name, value] of fields) {
      this.#writeField(name, value);
    }
    return Uint8Array.prototype.slice.call(scratch, 0, size);
  }

  #writeField(name: string, value: string): void {
    makeRoom(name.length + value.length + 3 * maxIntegerBytes);
    const key = fieldKey(name, value);
    const inserted = this.#inserted.get(key);
    // The newest field has the lowest index.
    const index =
      inserted === undefined
        ? staticIndexes.get(key)
        : staticTable.length + this.#inserted.size - inserted;
    if (index !== undefined) {
      writeInteger(index, 7, 0x80);
    } else if (secretNames.has(name)) {
      writeLiteral(name, value, 4, 0x10);
    } else if (this.#usedBytes + fieldBytes(name, value) > this.#maxBytes) {
      writeLiteral(name, value, 4, 0x00);
    } else {
      writeLiteral(name, value, 6, 0x40);
      this.#usedBytes += fieldBytes(name, value);
      this.#inserted.set(key, this.#inserted.size);
      this.#version++;
    }
  }
}

const tablelessEncoder = new HpackEncoder(0);

/**
 * Encodes header fields or trailers as an HPACK block that any connection takes at any time: the
 * block refers to the static table only and inserts nothing. Encode what repeats once, and send the
 * bytes with every response. Two blocks, one after the other, are a block of the fields of both.
 *
 * @param fields names in lower case; `:status` first in a response's header
 * @throws TypeError for a name or value that HTTP/2 does not allow
 */
export function encodeHeaderBlock(fields: readonly Field[]): Uint8Array {
  for (const field of fields) {
    if (!isSendable(field)) {
      throw new TypeError(`Expected a header field of HTTP/2, got ${JSON.stringify(field)}`);
    }
  }
  return tablelessEncoder.encode(fields);
}

function isSendable([name, value]: Field): boolean {
  return (
    /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be sent
    !/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]|^[ \t]|[ \t]$/.test(value)
  );
}

function makeRoom(bytes: number): void {
  if (scratch.length - size < bytes) {
    const larger = Buffer.allocUnsafeSlow(2 * (size + bytes));
    scratch.copy(larger, 0, 0, size);
    scratch = larger;
  }
}

function writeLiteral(name: string, value: string, prefixBits: number, flags: number): void {
  const nameIndex = staticNameIndexes.get(name) ?? 0;
  writeInteger(nameIndex, prefixBits, flags);
  if (nameIndex === 0) {
    writeString(name);
  }
  writeString(value);
}

function writeString(text: string): void {
  writeInteger(text.length, 7, 0);
  size += scratch.write(text, size, "latin1");
}

function writeInteger(value: number, prefixBits: number, flags: number): void {
  const max = (1 << prefixBits) - 1;
  if (value < max) {
    scratch[size++] = flags | value;
    return;
  }
  scratch[size++] = flags | max;
  let rest = value - max;
  for (; rest >= 128; rest >>>= 7) {
    scratch[size++] = (rest & 127) | 128;
  }
  scratch[size++] = rest;
}
