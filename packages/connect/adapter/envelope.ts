import { Code, ConnectError } from "@connectrpc/connect";
import { compressedFlag } from "@connectrpc/connect/protocol";
import { tooLarge } from "./errors.ts";

/** Size of the flags and length before each message. */
export const prefixBytes = 5;

/** Max bytes that gRPC-Web clients send besides the message. */
const maxOtherBytes = 8 * 1024;

/** Max bytes of a body with one message. */
export function maxBodyBytes(readMaxBytes: number): number {
  return prefixBytes + readMaxBytes + maxOtherBytes;
}

export interface EnvelopedMessage {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

/**
 * Returns the one message in the body of a unary call.
 *
 * @param ignoredFlag flag of envelopes that are no messages; 0 for none
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
      throw tooLarge(readMaxBytes, length);
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

/** Rejects a message as soon as its prefix has arrived. */
export function announcedProblem(
  start: Uint8Array,
  readMaxBytes: number,
): ConnectError | undefined {
  if (start.length < prefixBytes) {
    return undefined;
  }
  const length = lengthAt(start, 1);
  return length > readMaxBytes ? tooLarge(readMaxBytes, length) : undefined;
}

/** Reads a big-endian length. A DataView would cost more than the rest of an envelope. */
export function lengthAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

export function incomplete(): ConnectError {
  return new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument);
}

/** Returns a message with its prefix. */
export function envelope(flags: number, message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes + message.length);
  writePrefix(bytes, flags, message.length);
  bytes.set(message, prefixBytes);
  return bytes;
}

/** Returns the prefix alone, for a message that is sent without a copy. */
export function envelopePrefix(flags: number, messageBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(prefixBytes);
  writePrefix(bytes, flags, messageBytes);
  return bytes;
}

function writePrefix(bytes: Buffer, flags: number, messageBytes: number): void {
  bytes[0] = flags;
  bytes.writeUInt32BE(messageBytes, 1);
}
