import type { Fields } from "../transport.ts";
import { Http2Error } from "./errors.ts";
import { decodeHuffman } from "./huffman.ts";
import { staticTable } from "./static-table.ts";

/** As many bytes as HTTP/2's default, which is what the server is left to assume. */
const tableSize = 4_096;
/** What RFC 7541 counts for each entry beside its text. */
const entryOverhead = 32;
/** No response has this much in its headers. */
const mostBytes = 256 * 1_024;

type Entry = readonly [name: string, value: string];

/** Header fields in the order they came. */
export class FieldList implements Fields {
  readonly #entries: Entry[] = [];

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  get(name: string): string | null {
    let found: string | null = null;
    for (const [field, value] of this.#entries) {
      if (field === name) {
        found = found === null ? value : `${found}, ${value}`;
      }
    }
    return found;
  }
}

/**
 * Decodes the header blocks of one connection, each of which may refer to what came before.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7541
 */
export class HpackDecoder {
  /** The newest entry is the last. */
  #dynamic: Entry[] = [];
  #usedBytes = 0;
  #limitBytes = tableSize;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  /** @throws Http2Error when the block can't be decoded */
  decode(block: Buffer): FieldList {
    this.#block = block;
    this.#at = 0;
    const fields = new FieldList();
    let bytes = 0;
    while (this.#at < block.length) {
      const entry = this.#readField();
      if (entry !== undefined) {
        bytes += sizeOf(entry);
        if (bytes > mostBytes) {
          throw new Http2Error("ENHANCE_YOUR_CALM", "more than 256 kB of header fields");
        }
        fields.add(entry);
      }
    }
    return fields;
  }

  #readField(): Entry | undefined {
    const octet = this.#block[this.#at] ?? 0;
    if (octet & 0x80) {
      return this.#entryAt(this.#readInteger(7));
    }
    if (octet & 0x40) {
      const entry = this.#readLiteral(6);
      this.#insert(entry);
      return entry;
    }
    if (octet & 0x20) {
      const limit = this.#readInteger(5);
      if (limit > tableSize) {
        throw new Http2Error("COMPRESSION_ERROR", "a header table larger than was allowed");
      }
      this.#limitBytes = limit;
      this.#evict();
      return undefined;
    }
    return this.#readLiteral(4);
  }

  #readLiteral(prefixBits: number): Entry {
    const index = this.#readInteger(prefixBits);
    const name = index === 0 ? this.#readString() : this.#entryAt(index)[0];
    return [name, this.#readString()];
  }

  #entryAt(index: number): Entry {
    const entry =
      index <= staticTable.length
        ? staticTable[index - 1]
        : this.#dynamic[this.#dynamic.length - (index - staticTable.length)];
    if (entry === undefined) {
      throw new Http2Error("COMPRESSION_ERROR", `a header field of index ${index}, which is none`);
    }
    return entry;
  }

  #insert(entry: Entry): void {
    this.#dynamic.push(entry);
    this.#usedBytes += sizeOf(entry);
    this.#evict();
  }

  #evict(): void {
    let oldest = 0;
    while (this.#usedBytes > this.#limitBytes) {
      const entry = this.#dynamic[oldest++];
      this.#usedBytes -= entry ? sizeOf(entry) : this.#usedBytes;
    }
    if (oldest > 0) {
      this.#dynamic = this.#dynamic.slice(oldest);
    }
  }

  #readInteger(prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    let value = this.#readOctet() & most;
    if (value < most) {
      return value;
    }
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const octet = this.#readOctet();
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) {
        return value;
      }
    }
    throw new Http2Error("COMPRESSION_ERROR", "a number in a header block that is too large");
  }

  #readString(): string {
    const huffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#readInteger(7);
    const end = this.#at + length;
    if (end > this.#block.length) {
      throw new Http2Error("COMPRESSION_ERROR", "a header block that ends within a string");
    }
    const text = huffman
      ? decodeHuffman(this.#block.subarray(this.#at, end))
      : this.#block.toString("latin1", this.#at, end);
    this.#at = end;
    return text;
  }

  #readOctet(): number {
    const octet = this.#block[this.#at++];
    if (octet === undefined) {
      throw new Http2Error("COMPRESSION_ERROR", "a header block that ends within a number");
    }
    return octet;
  }
}

/** What RFC 7541 counts for a field. */
export function sizeOf([name, value]: Entry): number {
  return name.length + value.length + entryOverhead;
}
