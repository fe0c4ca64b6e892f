import { HpackEncoder } from "./hpack-encoder.ts";
import type { Field } from "./hpack-table.ts";

const encoder = new HpackEncoder(0);

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
  return encoder.encode(fields);
}

function isSendable([name, value]: Field): boolean {
  return (
    /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name) &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be sent
    !/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]|^[ \t]|[ \t]$/.test(value)
  );
}
