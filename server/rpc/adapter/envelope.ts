import { Code, ConnectError } from "@connectrpc/connect";
import { compressedFlag } from "@connectrpc/connect/protocol";

/** Flags and length before each message. */
export const prefixBytes = 5;

/** What gRPC-Web's clients may send besides the message. */
const mostOtherBytes = 8 * 1024;

/** The most bytes that a body with one message can have. */
export function mostBodyBytes(readMaxBytes: number): number {
  return prefixBytes + readMaxBytes + mostOtherBytes;
}

export interface EnvelopedMessage {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

/**
 * The one message that the body of a unary call has.
 *
 * @param ignoredFlag the flag of envelopes that are no messages; 0 for none
 */
export function singleMessage(
  body: Uint8Array,
  readMaxBytes: number,
  ignoredFlag: number,
): EnvelopedMessage {
  let found: EnvelopedMessage | undefined;
  for (let at = 0; at < body.length; ) {
    if (body.length - at < prefixBytes) {
      throw incomplete();
    }
    const flags = body[at] ?? 0;
    const length = lengthAt(body, at + 1);
    if (length > readMaxBytes) {
      throw tooLarge(length, readMaxBytes);
    }
    const begin = at + prefixBytes;
    at = begin + length;
    if (at > body.length) {
      throw incomplete();
    }
    if (ignoredFlag !== 0 && (flags & ignoredFlag) !== 0) {
      continue;
    }
    if (found !== undefined) {
      throw new ConnectError(
        "protocol error: received extra input message for unary method",
        Code.Unimplemented,
      );
    }
    found = { bytes: body.subarray(begin, at), isCompressed: (flags & compressedFlag) !== 0 };
  }
  if (found === undefined) {
    throw new ConnectError(
      "protocol error: missing input message for unary method",
      Code.Unimplemented,
    );
  }
  return found;
}

/** A message is refused as soon as its prefix is here. */
export function announcedProblem(
  start: Uint8Array,
  readMaxBytes: number,
): ConnectError | undefined {
  if (start.length < prefixBytes) {
    return undefined;
  }
  const length = lengthAt(start, 1);
  return length > readMaxBytes ? tooLarge(length, readMaxBytes) : undefined;
}

/** Four bytes, the highest first. A DataView costs more than all the rest of an envelope. */
function lengthAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

export function tooLarge(messageBytes: number, readMaxBytes: number): ConnectError {
  return new ConnectError(
    `message size ${messageBytes} is larger than configured readMaxBytes ${readMaxBytes}`,
    Code.ResourceExhausted,
  );
}

function incomplete(): ConnectError {
  return new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument);
}

/** A message with its prefix. */
export function envelope(flags: number, message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + message.length);
  bytes[0] = flags;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, prefixBytes);
  return bytes;
}
