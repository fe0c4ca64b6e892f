import { compressionError, tooMany } from "./errors.ts";
import { defaultTableBytes, fieldBytes, staticTable } from "./hpack-table.ts";
import { decodeHuffman } from "./huffman.ts";

/** More fields than the table can have, and one: a field counts 32 bytes at least. */
const ringCapacity = (2 * defaultTableBytes) / 32;
/** Times the limit of a header list, up to which a block is read to its end. */
const maxExcess = 4;
/** Blocks that are kept with their fields, and the longest that is. */
const maxKnownBlocks = 4;
const maxKnownBytes = 256;

/** A header field as it was received and as the HPACK table keeps it. */
export interface ReceivedField {
  /** In lower case. */
  readonly name: string;
  readonly value: string;
  /** What the role has to know of the field, found once when the field is read. */
  readonly kind: number;
}

/** What a role makes of the fields it receives. */
export interface FieldRules<Fields> {
  kindOf(name: string, value: string): number;
  /** Fields of HPACK's static table, with their kinds. */
  readonly staticFields: readonly ReceivedField[];
  /**
   * Creates the fields of one header or trailer.
   *
   * @param isTooLarge whether fields were left out because they were more than the limits allow
   */
  createFields(list: readonly ReceivedField[], isTooLarge: boolean): Fields;
}

interface KnownBlock<Fields> {
  readonly bytes: Uint8Array;
  readonly fields: Fields;
}

/**
 * Decodes the header blocks of one connection. The table has at most 4,096 bytes, which is HPACK's
 * default.
 *
 * A peer that repeats a request or response sends the same bytes again, nearly all of them references
 * to the table: as long as the table stays as it is, such a block has the same fields, and is not
 * decoded.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7541
 */
export class HpackDecoder<Fields> {
  readonly #rules: FieldRules<Fields>;
  readonly #maxBytes: number;
  readonly #maxFields: number;
  /** The field inserted as number n is at n modulo the capacity. */
  readonly #ring: (ReceivedField | undefined)[] = [];
  #inserted = 0;
  #evicted = 0;
  #usedBytes = 0;
  #limitBytes = defaultTableBytes;
  /** Blocks that the table's present state decodes, the newest first. */
  #known: KnownBlock<Fields>[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;

  /**
   * @param rules of the role that receives the fields
   * @param maxBytes size of the header list, each field with HPACK's 32 bytes, up to which fields
   *   are kept
   * @param maxFields number of fields that are kept
   */
  constructor(rules: FieldRules<Fields>, maxBytes: number, maxFields: number) {
    this.#rules = rules;
    this.#maxBytes = maxBytes;
    this.#maxFields = maxFields;
  }

  /**
   * Decodes a whole header block. One that is over the limits is read to its end, since later blocks
   * refer to it, and its fields are created as too large.
   *
   * @throws ConnectionError when it cannot be decoded, or its list is so large that it must be an
   *   attack; later blocks then cannot be decoded either
   */
  decode(bytes: Buffer, start: number, end: number): Fields {
    const known = this.#find(bytes, start, end);
    if (known !== undefined) {
      return known;
    }
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    const hasNewLimit = this.#readTableLimits();
    const insertedBefore = this.#inserted;
    const list: ReceivedField[] = [];
    let listBytes = 0;
    let isTooLarge = false;
    while (this.#at < end) {
      const field = this.#readField();
      listBytes += fieldBytes(field.name, field.value);
      if (listBytes > maxExcess * this.#maxBytes) {
        throw tooMany("bytes in a header list");
      }
      if (listBytes > this.#maxBytes || list.length === this.#maxFields) {
        isTooLarge = true;
      } else {
        list.push(field);
      }
    }
    const fields = this.#rules.createFields(list, isTooLarge);
    if (hasNewLimit || this.#inserted !== insertedBefore) {
      this.#known = [];
    } else if (end - start <= maxKnownBytes) {
      this.#known.unshift({ bytes: Uint8Array.prototype.slice.call(bytes, start, end), fields });
      this.#known.length = Math.min(this.#known.length, maxKnownBlocks);
    }
    return fields;
  }

  #find(bytes: Buffer, start: number, end: number): Fields | undefined {
    const length = end - start;
    search: for (const known of this.#known) {
      if (known.bytes.length === length) {
        for (let at = 0; at < length; at++) {
          if (known.bytes[at] !== bytes[start + at]) {
            continue search;
          }
        }
        return known.fields;
      }
    }
    return undefined;
  }

  /** Changes of the table's size come before all fields, and are two at most. */
  #readTableLimits(): boolean {
    let changes = 0;
    while (this.#at < this.#end && ((this.#bytes[this.#at] ?? 0) & 0xe0) === 0x20) {
      const limit = this.#readInteger(5);
      if (limit > defaultTableBytes || ++changes > 2) {
        throw compressionError(`a header table of ${limit} bytes, or a third change of its size`);
      }
      this.#limitBytes = limit;
      this.#evict();
    }
    return changes > 0;
  }

  #readField(): ReceivedField {
    const octet = this.#bytes[this.#at] ?? 0;
    if (octet & 0x80) {
      return this.#fieldAt(this.#readInteger(7));
    }
    if (octet & 0x40) {
      const field = this.#readLiteral(6);
      this.#usedBytes += fieldBytes(field.name, field.value);
      this.#ring[this.#inserted++ % ringCapacity] = field;
      this.#evict();
      return field;
    }
    if (octet & 0x20) {
      throw compressionError("a change of the header table's size between fields");
    }
    return this.#readLiteral(4);
  }

  #readLiteral(prefixBits: number): ReceivedField {
    const index = this.#readInteger(prefixBits);
    const name = index === 0 ? this.#readString() : this.#fieldAt(index).name;
    const value = this.#readString();
    return { name, value, kind: this.#rules.kindOf(name, value) };
  }

  #fieldAt(index: number): ReceivedField {
    const { staticFields } = this.#rules;
    let field: ReceivedField | undefined;
    if (index <= staticFields.length) {
      field = staticFields[index - 1];
    } else {
      const number = this.#inserted - (index - staticFields.length);
      field = number < this.#evicted ? undefined : this.#ring[number % ringCapacity];
    }
    if (field === undefined) {
      throw compressionError(`the index ${index}, which has no header field`);
    }
    return field;
  }

  #evict(): void {
    while (this.#usedBytes > this.#limitBytes) {
      const at = this.#evicted++ % ringCapacity;
      const field = this.#ring[at];
      this.#usedBytes -=
        field === undefined ? this.#usedBytes : fieldBytes(field.name, field.value);
      this.#ring[at] = undefined;
    }
  }

  #readInteger(prefixBits: number): number {
    const max = (1 << prefixBits) - 1;
    let value = this.#readOctet() & max;
    if (value < max) {
      return value;
    }
    for (let shift = 0; shift <= 21; shift += 7) {
      const octet = this.#readOctet();
      value += (octet & 0x7f) << shift;
      if (octet < 0x80) {
        return value;
      }
    }
    throw compressionError("a number in a header block that is too large");
  }

  #readString(): string {
    const isHuffman = this.#at < this.#end && ((this.#bytes[this.#at] ?? 0) & 0x80) !== 0;
    const length = this.#readInteger(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) {
      throw compressionError("a header block that ends within a string");
    }
    this.#at = end;
    return isHuffman
      ? decodeHuffman(this.#bytes, start, end)
      : this.#bytes.toString("latin1", start, end);
  }

  #readOctet(): number {
    if (this.#at >= this.#end) {
      throw compressionError("a header block that ends within a field");
    }
    return this.#bytes[this.#at++] ?? 0;
  }
}

export function staticFieldsOf(kindOf: FieldRules<unknown>["kindOf"]): readonly ReceivedField[] {
  return staticTable.map(([name, value]) => ({ name, value, kind: kindOf(name, value) }));
}

/** Value of a field, or the values joined when there are more; undefined when there is none. */
export function joinedValue(list: readonly ReceivedField[], name: string): string | undefined {
  let found: string | undefined;
  for (const field of list) {
    if (field.name === name) {
      const separator = name === "cookie" ? "; " : ", ";
      found = found === undefined ? field.value : `${found}${separator}${field.value}`;
    }
  }
  return found;
}
