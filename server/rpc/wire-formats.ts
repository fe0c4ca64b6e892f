import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { Code, ConnectError, type ConnectRouterOptions } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";

/** How messages are read as protobuf. Fields that the schema does not have would be kept for nobody. */
export const binaryOptions = { readUnknownFields: false };

/** How messages are read and written as JSON. */
export const jsonOptions = {
  // `hit: false` and `user_id: 0` are part of the answer, so they are not left out.
  alwaysEmitImplicit: true,
  // Without it, bytes that are no UTF-8 would become other characters, and nobody would be told.
  textDecoder: new TextDecoder("utf-8", { fatal: true }),
};

/** Connect calls a compressed message that is cut off its own failure; it is the caller's. */
function refuseCutOff(compression: Compression): Compression {
  return {
    ...compression,
    decompress: async (bytes, readMaxBytes) => {
      try {
        return await compression.decompress(bytes, readMaxBytes);
      } catch (error) {
        throw isCutOff(error)
          ? new ConnectError(
              `Expected a message compressed with ${compression.name}, got one that is cut off.`,
              Code.InvalidArgument,
            )
          : error;
      }
    },
  };
}

function isCutOff(error: unknown): boolean {
  const { cause } = ConnectError.from(error);
  return cause instanceof Error && "code" in cause && cause.code === "Z_BUF_ERROR";
}

/** Questions of such services are a few bytes. */
const maxQuestionBytes = 16 * 1024;

/**
 * For services that answer when everything else hangs: zlib works in libuv's pool, which may be full. What
 * they say is not compressed, and a compressed question is so small that the event loop reads it.
 */
export const answersWithoutPool: ConnectRouterOptions = {
  acceptCompression: [
    onTheLoop(compressionGzip, gunzipSync),
    onTheLoop(compressionBrotli, brotliDecompressSync),
  ].map(refuseCutOff),
  compressMinBytes: Number.MAX_SAFE_INTEGER,
  readMaxBytes: maxQuestionBytes,
};

function onTheLoop(
  compression: Compression,
  decompress: (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer<ArrayBuffer>,
): Compression {
  return {
    ...compression,
    decompress: async (bytes, readMaxBytes) => {
      try {
        return bytes.length === 0
          ? new Uint8Array(0)
          : decompress(bytes, { maxOutputLength: readMaxBytes });
      } catch (error) {
        throw unreadable(error, readMaxBytes);
      }
    },
  };
}

/** As Connect says it of what libuv's pool could not decompress. */
function unreadable(cause: unknown, readMaxBytes: number): ConnectError {
  const isTooLarge =
    cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
  return isTooLarge
    ? new ConnectError(
        `message is larger than configured readMaxBytes ${readMaxBytes} after decompression`,
        Code.ResourceExhausted,
      )
    : new ConnectError("decompression failed", Code.InvalidArgument, undefined, undefined, cause);
}
