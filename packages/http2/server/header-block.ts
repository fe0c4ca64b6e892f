import { type Field, staticTable } from "../client/hpack-table.ts";

/** Values of these may not be indexed by proxies either. */
const secretNames = new Set(["authorization", "set-cookie", "proxy-authorization"]);
/** Indexes of the static table's fields, and of the first field of each name. */
const fieldIndexes = new Map<string, number>();
const nameIndexes = new Map<string, number>();
staticTable.forEach(([name, value], at) => {
  fieldIndexes.set(`${name}\0${value}`, at + 1);
  if (!nameIndexes.has(name)) {
    nameIndexes.set(name, at + 1);
  }
});

/** An index or a length takes no more bytes. */
const maxLengthBytes = 6;
let scratch = Buffer.allocUnsafeSlow(1_024);
let size = 0;

/**
 * Encodes header fields or trailers as an HPACK block that any connection takes at any time: the
 * block refers to the static table only and inserts nothing. Encode what repeats once, and send the
 * bytes with every response. Two blocks, one after the other, are a block of the fields of both.
 *
 * @param fields names in lower case; `:status` first in a response's header
 * @throws TypeError for a name or value that HTTP/2 does not allow
 */
export function encodeHeaderBlock(fields: readonly Field[]): Uint8Array {
  size = 0;
  for (const [name, value] of fields) {
    if (!isSendable(name, value)) {
      throw new TypeError(
        `Expected a header field of HTTP/2, got ${JSON.stringify([name, value])}`,
      );
    }
    makeRoom(name.length + value.length + 3 * maxLengthBytes);
    const index = fieldIndexes.get(`${name}\0${value}`);
    if (index !== undefined) {
      writeInteger(index, 7, 0x80);
      continue;
    }
    const nameIndex = nameIndexes.get(name) ?? 0;
    writeInteger(nameIndex, 4, secretNames.has(name) ? 0x10 : 0);
    if (nameIndex === 0) {
      writeString(name);
    }
    writeString(value);
  }
  return Uint8Array.prototype.slice.call(scratch, 0, size);
}

function isSendable(name: string, value: string): boolean {
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
