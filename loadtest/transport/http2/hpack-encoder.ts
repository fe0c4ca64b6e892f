import { sizeOf } from "./hpack-decoder.ts";
import { staticTable } from "./static-table.ts";

type Entry = readonly [name: string, value: string];

/** As many bytes as a connection may have without asking. */
const tableSize = 4_096;
/** These must not be left in a table that others could probe. */
const secret = new Set(["authorization", "cookie", "proxy-authorization"]);

const staticFields = new Map<string, number>();
const staticNames = new Map<string, number>();
staticTable.forEach(([name, value], at) => {
  staticFields.set(keyOf([name, value]), at + 1);
  if (!staticNames.has(name)) {
    staticNames.set(name, at + 1);
  }
});

/**
 * Encodes the header blocks of one connection. Fields are remembered until the table is full and
 * never evicted, so a request that is sent again costs a few bytes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7541
 */
export class HpackEncoder {
  #inserted = new Map<string, number>();
  #usedBytes = 0;
  #limitBytes = tableSize;
  #announce: number | undefined;

  /** A block stays right until this changes. */
  get version(): number {
    return this.#inserted.size;
  }

  /** The peer allows a table of this size. */
  limitTable(bytes: number): void {
    if (bytes < this.#limitBytes || this.#limitBytes < tableSize) {
      this.#limitBytes = Math.min(bytes, tableSize);
      this.#announce = this.#limitBytes;
      this.#inserted = new Map();
      this.#usedBytes = 0;
    }
  }

  encode(fields: readonly Entry[]): Buffer {
    const parts: Buffer[] = [];
    if (this.#announce !== undefined) {
      // To size 0 and back: what was in the table is forgotten on both sides.
      parts.push(integer(0, 5, 0x20), integer(this.#announce, 5, 0x20));
      this.#announce = undefined;
    }
    for (const field of fields) {
      parts.push(this.#encodeField(field));
    }
    return Buffer.concat(parts);
  }

  #encodeField(field: Entry): Buffer {
    const [name, value] = field;
    const key = keyOf(field);
    const inserted = this.#inserted.get(key);
    // The newest entry has the lowest index.
    const index =
      inserted === undefined
        ? staticFields.get(key)
        : staticTable.length + this.#inserted.size - inserted;
    if (index !== undefined) {
      return integer(index, 7, 0x80);
    }
    const nameIndex = staticNames.get(name) ?? 0;
    const literal = nameIndex === 0 ? [string(name), string(value)] : [string(value)];
    if (secret.has(name)) {
      return Buffer.concat([integer(nameIndex, 4, 0x10), ...literal]);
    }
    if (this.#usedBytes + sizeOf(field) > this.#limitBytes) {
      return Buffer.concat([integer(nameIndex, 4, 0x00), ...literal]);
    }
    this.#usedBytes += sizeOf(field);
    this.#inserted.set(key, this.#inserted.size);
    return Buffer.concat([integer(nameIndex, 6, 0x40), ...literal]);
  }
}

function keyOf([name, value]: Entry): string {
  return `${name}\0${value}`;
}

function integer(value: number, prefixBits: number, flags: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) {
    return Buffer.from([flags | value]);
  }
  const octets = [flags | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    octets.push((rest % 128) | 0x80);
  }
  return Buffer.from([...octets, rest]);
}

function string(text: string): Buffer {
  const octets = Buffer.from(text, "latin1");
  return Buffer.concat([integer(octets.length, 7, 0), octets]);
}
