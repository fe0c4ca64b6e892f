/** Flags and length in front of each message. */
export const prefixBytes = 5;
export const compressedFlag = 0x01;

/**
 * A message with its prefix, uncompressed: the same in gRPC, gRPC-Web and Connect's streams.
 *
 * @see https://connectrpc.com/docs/protocol/#streaming-request
 */
export function envelope(message: Uint8Array): Buffer {
  const enveloped = Buffer.alloc(prefixBytes + message.length);
  enveloped.writeUInt32BE(message.length, 1);
  enveloped.set(message, prefixBytes);
  return enveloped;
}
