import { serverSent } from "./frames.ts";

/** A header field; the name is in lower case. */
export type Field = readonly [name: string, value: string];

/** Size of a field in a table or a list. @see https://www.rfc-editor.org/rfc/rfc7541#section-4.1 */
export function fieldBytes([name, value]: Field): number {
  return name.length + value.length + 32;
}

/** Maximum size of a dynamic table unless the peer changes it. */
export const defaultTableBytes = 4_096;

/** The static table, from index 1. @see https://www.rfc-editor.org/rfc/rfc7541#appendix-A */
// biome-ignore format: a table
export const staticTable: readonly Field[] = [
  [":authority", ""], [":method", "GET"], [":method", "POST"], [":path", "/"],
  [":path", "/index.html"], [":scheme", "http"], [":scheme", "https"], [":status", "200"],
  [":status", "204"], [":status", "206"], [":status", "304"], [":status", "400"],
  [":status", "404"], [":status", "500"], ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"], ["accept-language", ""], ["accept-ranges", ""],
  ["accept", ""], ["access-control-allow-origin", ""], ["age", ""], ["allow", ""],
  ["authorization", ""], ["cache-control", ""], ["content-disposition", ""],
  ["content-encoding", ""], ["content-language", ""], ["content-length", ""],
  ["content-location", ""], ["content-range", ""], ["content-type", ""], ["cookie", ""],
  ["date", ""], ["etag", ""], ["expect", ""], ["expires", ""], ["from", ""], ["host", ""],
  ["if-match", ""], ["if-modified-since", ""], ["if-none-match", ""], ["if-range", ""],
  ["if-unmodified-since", ""], ["last-modified", ""], ["link", ""], ["location", ""],
  ["max-forwards", ""], ["proxy-authenticate", ""], ["proxy-authorization", ""], ["range", ""],
  ["referer", ""], ["refresh", ""], ["retry-after", ""], ["server", ""], ["set-cookie", ""],
  ["strict-transport-security", ""], ["transfer-encoding", ""], ["user-agent", ""], ["vary", ""],
  ["via", ""], ["www-authenticate", ""],
];

/** Length of each byte's code in bits, by byte. */
// biome-ignore format: a table
const lengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
const maxCodeBits = 30;
const minCodeBits = 5;

/** Codes of one length. They are consecutive numbers, in the order of the bytes. */
interface CodesOfLength {
  readonly first: number;
  /** Decoded bytes, by code minus `first`. */
  readonly bytes: Uint8Array;
}

const codes: readonly CodesOfLength[] = buildCodes();

function buildCodes(): CodesOfLength[] {
  let code = 0;
  return Array.from({ length: maxCodeBits + 1 }, (_, length) => {
    code *= 2;
    const first = code;
    const bytes = Uint8Array.from(lengths.keys().filter((byte) => lengths[byte] === length));
    code += bytes.length;
    return { first, bytes };
  });
}

/**
 * Decodes a string in HPACK's Huffman code.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7541#appendix-B
 * @throws Http2Error when the string is not valid
 */
export function decodeHuffman(encoded: Uint8Array): string {
  const decoded = Buffer.allocUnsafe(Math.floor((encoded.length * 8) / minCodeBits));
  let size = 0;
  let code = 0;
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    const octet = encoded[at] ?? 0;
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((octet >> bit) & 1);
      length++;
      const ofLength = codes[length];
      // The end-of-string code, 30 ones, must not be sent.
      if (ofLength === undefined) {
        throw invalid();
      }
      const byte = code < ofLength.first ? undefined : ofLength.bytes[code - ofLength.first];
      if (byte !== undefined) {
        decoded[size++] = byte;
        code = 0;
        length = 0;
      }
    }
  }
  // The rest must be padding: fewer than eight bits, all ones.
  if (length > 7 || code !== 2 ** length - 1) {
    throw invalid();
  }
  return decoded.toString("latin1", 0, size);
}

function invalid(): Error {
  return serverSent("COMPRESSION_ERROR", "a header string with an invalid Huffman code");
}
