import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Fields of the connection and of the body's length, which only the adapter and Node set. HTTP/2 does not
 * allow most of them, and a handler that copies them from another server's response does not mean them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2
 */
const connectionFields: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-5.5 */
const invalidInValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Max size of a header or of trailers as HPACK counts it; Node sends at most 64 KiB over HTTP/2. */
const maxFieldsBytes = 48 * 1024;
/** HPACK overhead per field. */
const fieldBytes = 32;

/** @param name in lower case */
export function isConnectionField(name: string): boolean {
  return connectionFields.has(name);
}

function isTooLarge(fields: Headers): boolean {
  let bytes = 0;
  for (const [name, value] of fields) {
    bytes += name.length + value.length + fieldBytes;
  }
  return bytes > maxFieldsBytes;
}

/**
 * Removes fields that can't be sent from a response's header or trailers.
 *
 * @returns the error to respond with; undefined when only connection fields were removed, or none
 */
export function dropUnsendable(headers: Headers): ConnectError | undefined {
  const invalid: string[] = [];
  for (const [name, value] of [...headers]) {
    if (isConnectionField(name)) {
      headers.delete(name);
    } else if (invalidInValue.test(value)) {
      headers.delete(name);
      invalid.push(name);
    }
  }
  if (invalid.length > 0) {
    return unsendable(`its field ${invalid.join(", ")} has an invalid character`);
  }
  if (!isTooLarge(headers)) {
    return undefined;
  }
  const largestFirst = [...headers].sort(([, one], [, other]) => other.length - one.length);
  for (const [name] of largestFirst) {
    if (!isTooLarge(headers)) {
      break;
    }
    headers.delete(name);
  }
  return unsendable(`its fields are larger than ${maxFieldsBytes} bytes`);
}

function unsendable(why: string): ConnectError {
  return new ConnectError(`The response can't be sent: ${why}`, Code.Internal);
}
