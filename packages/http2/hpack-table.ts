/** A header field as it is sent; the name is in lower case. */
export type Field = readonly [name: string, value: string];

/** Size of a field in a table or a list. @see https://www.rfc-editor.org/rfc/rfc7541#section-4.1 */
export function fieldBytes(name: string, value: string): number {
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

/** Indexes of the static table's fields, by `fieldKey`, and of the first field of each name. */
export const staticIndexes = new Map<string, number>();
export const staticNameIndexes = new Map<string, number>();
staticTable.forEach(([name, value], at) => {
  staticIndexes.set(fieldKey(name, value), at + 1);
  if (!staticNameIndexes.has(name)) {
    staticNameIndexes.set(name, at + 1);
  }
});

/** Name and value as one text, which no other field has. */
export function fieldKey(name: string, value: string): string {
  return `${name}\0${value}`;
}
