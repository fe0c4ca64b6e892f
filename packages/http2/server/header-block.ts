import { type Field, staticTable } from "../../../loadtest/transport/http2/hpack-table.ts";

/** Values of these may not be indexed by proxies either. */
const secretNames = new Set(["authorization", "set-cookie", "proxy-authorization"]);

/**
 * Encodes header fields or trailers as an HPACK block that any connection takes at any time: the
 * block refers to the static table only and inserts nothing. Encode what repeats once, and send the
 * bytes with every response.
 *
 * @param fields names in lower case; `:status` first in a response's header
 * @throws TypeError for a name or value that HTTP/2 does not allow
 */
export function encodeHeaderBlock(fields: readonly Field[]): Uint8Array {
  const bytes: number[] = [];
  for (const [name, value] of fields) {
    if (!isSendable(name, value)) {
      throw new TypeError(
        `Expected a header field of HTTP/2, got ${JSON.stringify([name, value])}`,
      );
    }
    const exact = staticTable.findIndex(
      ([other, itsValue]) => other === name && itsValue === value,
    );
    if (exact !== -1) {
      writeInteger(bytes, exact + 1, 7, 0x80);
      continue;
    }
    const named = staticTable.findIndex(([other]) => other === name);
    writeInteger(bytes, named + 1, 4, secretNames.has(name) ? 0x10 : 0);
    if (named === -1) {
      writeString(bytes, name);
    }
    writeString(bytes, value);
  }
  return Uint8Array.from(bytes);
}

function isSendable(name: string, value: string): boolean {
  return (
    /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be sent
    !/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]|^[ \t]|[ \t]$/.test(value)
  );
}

function writeString(bytes: number[], text: string): void {
  writeInteger(bytes, text.length, 7, 0);
  for (let at = 0; at < text.length; at++) {
    bytes.push(text.charCodeAt(at));
  }
}

function writeInteger(bytes: number[], value: number, prefixBits: number, flags: number): void {
  const max = (1 << prefixBits) - 1;
  if (value < max) {
    bytes.push(flags | value);
    return;
  }
  bytes.push(flags | max);
  let rest = value - max;
  for (; rest >= 128; rest >>>= 7) {
    bytes.push((rest & 127) | 128);
  }
  bytes.push(rest);
}
