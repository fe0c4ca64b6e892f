import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Fields that say how a connection is used or how long a body is. They are the adapter's and Node's to set:
 * HTTP/2 does not have most of them, and a handler that copies them from another server's response means none.
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

/** Max size of a header or of trailers, as HPACK counts it: Node sends at most 64 KiB over HTTP/2. */
const maxFieldsBytes = 48 * 1024;
/** What HPACK counts for a field besides its name and value. */
const fieldBytes = 32;

/**
 * Max characters of an error's message. In a gRPC trailer each may take nine bytes, and again four in the
 * status details.
 */
const maxMessageCharacters = 2_000;

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
 * Takes from a response's header or trailers what can't be sent.
 *
 * @returns the error to respond with when that was more than connection fields, which are dropped silently
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
    return unsendable(`its field ${invalid.join(", ")} has a character that no field may have`);
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

/** An error whose message fits into a trailer, and has no half characters, which no trailer can have. */
export function withSendableMessage(error: ConnectError): ConnectError {
  const { rawMessage } = error;
  const isTooLong = rawMessage.length > maxMessageCharacters;
  if (!isTooLong && rawMessage.isWellFormed()) {
    return error;
  }
  const message = isTooLong
    ? `${rawMessage.slice(0, maxMessageCharacters)}… (${rawMessage.length} characters in all)`
    : rawMessage;
  const sent = new ConnectError(message.toWellFormed(), error.code, error.metadata);
  sent.details = error.details;
  return sent;
}
