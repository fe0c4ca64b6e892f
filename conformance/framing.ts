import type { Readable } from "node:stream";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";

/** The length before each message: 32 bits, the highest first. */
const prefixBytes = 4;

/**
 * Reads the one message that the runner has for a server.
 *
 * @throws Error when the input ends before the message does
 */
export async function readMessage<Desc extends DescMessage>(
  input: Readable,
  schema: Desc,
): Promise<MessageShape<Desc>> {
  let received = Buffer.alloc(0);
  for await (const chunk of input) {
    received = Buffer.concat([received, chunk]);
    if (received.length < prefixBytes) {
      continue;
    }
    const end = prefixBytes + received.readUInt32BE();
    if (received.length >= end) {
      return fromBinary(schema, received.subarray(prefixBytes, end));
    }
  }
  throw new Error(
    `Expected a ${schema.typeName} with its length before it on standard input, ` +
      `which ended after ${received.length} bytes. This server is for connectconformance to start; ` +
      `try: npm run conformance`,
  );
}

/** A message as the runner reads it. */
export function frame<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Buffer {
  const bytes = toBinary(schema, message);
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt32BE(bytes.length);
  return Buffer.concat([prefix, bytes]);
}
