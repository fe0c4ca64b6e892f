import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { shorten } from "@unblock/errors/quote";
import type { Route } from "./routes.ts";

/** A field of bytes from this size on is copied once. `toBinary` copies it twice, into buffers of three times its size. */
const minLargeBytes = 64 * 1_024;
const nothing = new Uint8Array(0);

/**
 * Serializes a response.
 *
 * @throws ConnectError when that fails, or the message is larger than `writeMaxBytes`
 */
export function serializeMessage(
  { serialization, options, bytesFields }: Route,
  isBinary: boolean,
  message: MessageShape<DescMessage>,
): Uint8Array {
  const { serialize } = serialization.getO(isBinary);
  if (isBinary) {
    for (const { localName, number } of bytesFields) {
      const value: unknown = Reflect.get(message, localName);
      if (value instanceof Uint8Array && value.length >= minLargeBytes) {
        const rest = { ...message, [localName]: nothing };
        return withField(serialize(rest), number, value, options.writeMaxBytes);
      }
    }
  }
  return serialize(message);
}

/**
 * Appends a field to a binary message. Fields may come in any order, and of a repeated one the last counts.
 *
 * @see https://protobuf.dev/programming-guides/encoding/#order
 */
function withField(
  rest: Uint8Array,
  number: number,
  value: Uint8Array,
  writeMaxBytes: number,
): Uint8Array {
  const prefix = new BinaryWriter()
    .tag(number, WireType.LengthDelimited)
    .uint32(value.length)
    .finish();
  const bytes = rest.length + prefix.length + value.length;
  if (bytes > writeMaxBytes) {
    throw new ConnectError(
      `message size ${bytes} is larger than configured writeMaxBytes ${writeMaxBytes}`,
      Code.ResourceExhausted,
    );
  }
  return Buffer.concat([rest, prefix, value], bytes);
}

/** @throws ConnectError for a message that can't be parsed */
export function parseMessage(
  { serialization }: Route,
  isBinary: boolean,
  bytes: Uint8Array,
): MessageShape<DescMessage> {
  try {
    return serialization.getI(isBinary).parse(bytes);
  } catch (error) {
    // Connect reports an unreadable binary message as internal; the caller sent it.
    throw error instanceof ConnectError
      ? new ConnectError(
          shorten(error.rawMessage),
          error.code === Code.Internal ? Code.InvalidArgument : error.code,
        )
      : error;
  }
}

/** @throws ConnectError when the request named no compression */
export function decompress(
  bytes: Uint8Array,
  compression: Compression | null,
  readMaxBytes: number,
): Promise<Uint8Array> {
  if (compression === null) {
    throw new ConnectError(
      "received compressed envelope, but do not know how to decompress",
      Code.Internal,
    );
  }
  return compression.decompress(bytes, readMaxBytes);
}
