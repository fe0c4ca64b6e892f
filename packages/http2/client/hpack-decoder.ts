import type { Fields } from "./exchange.ts";
import { serverSent } from "./frames.ts";
import {
  decodeHuffman,
  defaultTableBytes,
  type Field,
  fieldBytes,
  staticTable,
} from "./hpack-table.ts";

/** Limit of a decoded header list. */
export const maxHeaderBytes = 256 * 1_024;

/** Header fields in the order of their arrival. */
export class FieldList implements Fields {
  readonly #fields: Field[] = [];

  add(field: Field): void {
    this.#fields.push(field);
  }

  get(name: string): string | null {
    let found: string | null = null;
    for (const field of this.#fields) {
      if (field[0] === name) {
        found = found === null ? field[1] : `${found}, ${field[1]}`;
      }
    }
    return found;
  }
}

/**
 * Decodes the header blocks of one connection, which may refer to fields of earlier blocks.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7541
 */
export class HpackDecoder {
  /** The newest field is the last. */
  #dynamic: Field[] = [];
  #usedBytes = 0;
  #maxBytes = defaultTableBytes;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  /** @throws Http2Error when the block is not valid; later blocks can't be decoded either */
  decode(block: Buffer): FieldList {
    this.#block = block;
    this.#at = 0;
    this.#readTableSizes();
    const fields = new FieldList();
    let bytes = 0;
    while (this.#at < block.length) {
      const field = this.#readField();
      // A field of the table takes one byte in the block, so the block's length is no limit.
      bytes += fieldBytes(field);
      if (bytes > maxHeaderBytes) {
        throw serverSent("ENHANCE_YOUR_CALM", `more than ${maxHeaderBytes} bytes of header fields`);
      }
      fields.add(field);
    }
    return fields;
  }

  /** Changes of the table's size precede all fields. */
  #readTableSizes(): void {
    while (((this.#block[this.#at] ?? 0) & 0xe0) === 0x20) {
      const maxBytes = this.#readInteger(5);
      if (maxBytes > defaultTableBytes) {
        throw serverSent(
          "COMPRESSION_ERROR",
          `a header table of ${maxBytes} bytes, where ${defaultTableBytes} are allowed`,
        );
      }
      this.#maxBytes = maxBytes;
      this.#evict();
    }
  }

  #readField(): Field {
    const octet = this.#block[this.#at] ?? 0;
    if (octet & 0x80) {
      return this.#fieldAt(this.#readInteger(7));
    }
    if (octet & 0x40) {
      const field = this.#readLiteral(6);
      this.#dynamic.push(field);
      this.#usedBytes += fieldBytes(field);
      this.#evict();
      return field;
    }
    if (octet & 0x20) {
      throw serverSent("COMPRESSION_ERROR", "a change of the header table size between fields");
    }
    return this.#readLiteral(4);
  }

  #readLiteral(prefixBits: number): Field {
    const index = this.#readInteger(prefixBits);
    const name = index === 0 ? this.#readString() : this.#fieldAt(index)[0];
    return [name, this.#readString()];
  }

  #fieldAt(index: number): Field {
    const field =
      index <= staticTable.length
        ? staticTable[index - 1]
        : this.#dynamic[this.#dynamic.length - (index - staticTable.length)];
    if (field === undefined) {
      throw serverSent("COMPRESSION_ERROR", `the index ${index} of no header field`);
    }
    return field;
  }

  #evict(): void {
    let oldest = 0;
    while (this.#usedBytes > this.#maxBytes) {
      const field = this.#dynamic[oldest++];
      this.#usedBytes -= field === undefined ? this.#usedBytes : fieldBytes(field);
    }
    if (oldest > 0) {
      this.#dynamic = this.#dynamic.slice(oldest);
    }
  }

  #readInteger(prefixBits: number): number {
    const max = 2 ** prefixBits - 1;
    let value = this.#readOctet() & max;
    if (value < max) {
      return value;
    }
    for (let factor = 1; factor <= 2 ** 28; factor *= 128) {
      const octet = this.#readOctet();
      value += (octet & 0x7f) * factor;
      if (octet < 0x80) {
        return value;
      }
    }
    throw serverSent("COMPRESSION_ERROR", "a number in a header block that is too large");
  }

  #readString(): string {
    const huffman = ((this.#block[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#readInteger(7);
    const end = this.#at + length;
    if (end > this.#block.length) {
      throw serverSent("COMPRESSION_ERROR", "a header block that ends within a string");
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
      throw serverSent("COMPRESSION_ERROR", "a header block that ends within a field");
    }
    return octet;
  }
}
