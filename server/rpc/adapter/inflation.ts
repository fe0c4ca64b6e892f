import { once } from "node:events";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { firstPartBytes } from "./brotli-header.ts";
import { release } from "./release-memory.ts";

/** Max messages that wait to be inflated. The calls of the others are rejected. */
const maxWaiting = 100;

/** Bytes that zlib puts out at once. Each takes a turn of the event loop and of a libuv thread. */
const chunkSize = 64 * 1024;

const inflaters = new Map([
  ["gzip", createGunzip],
  ["br", createBrotliDecompress],
]);

/** Compressions whose inflated messages have memory that is all their own: not a part of Node's pool, say. */
const withOwnMemory = new WeakSet<Compression>();

export function inflatesIntoOwnMemory(compression: Compression): boolean {
  return withOwnMemory.has(compression);
}

/**
 * Inflates compressed messages one at a time: how large one becomes is known only when it is inflated, so
 * hundreds of small ones at once could take all memory.
 */
export function inflateInTurn(compressions: readonly Compression[]): Compression[] {
  let isInflating = false;
  const waiting: (() => void)[] = [];
  const inTurn = compressions.map(
    (compression): Compression => ({
      ...compression,
      decompress: async (bytes, readMaxBytes) => {
        if (waiting.length >= maxWaiting) {
          throw new ConnectError(
            `${waiting.length} compressed messages wait to be inflated, which is all that this server takes. ` +
              "Try again later, or send messages as they are.",
            Code.ResourceExhausted,
          );
        }
        if (isInflating) {
          await new Promise<void>((resolve) => waiting.push(resolve));
        }
        isInflating = true;
        try {
          return inflaters.has(compression.name)
            ? await inflate(compression.name, bytes, readMaxBytes)
            : Uint8Array.from(await compression.decompress(bytes, readMaxBytes));
        } finally {
          const next = waiting.shift();
          if (next === undefined) {
            isInflating = false;
          } else {
            next();
          }
        }
      },
    }),
  );
  for (const compression of inTurn) {
    withOwnMemory.add(compression);
  }
  return inTurn;
}

/**
 * As zlib's own functions do it, but with no more memory than the message takes: they leave all chunks to the
 * garbage collector, which lets a hundred megabytes of them gather.
 *
 * @throws ConnectError for what is too large when it is inflated, cut off, or not compressed so
 */
async function inflate(
  name: string,
  bytes: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  // Its decoder keeps all of a part before it puts out the first byte, in memory of each libuv thread.
  if (name === "br" && (firstPartBytes(bytes) ?? 0) > maxBytes) {
    throw tooLarge(maxBytes);
  }
  const stream = inflaters.get(name)?.({ chunkSize });
  if (stream === undefined || bytes.length === 0) {
    return new Uint8Array(0);
  }
  let message = new Uint8Array(Math.min(maxBytes, 4 * bytes.length));
  let length = 0;
  stream.on("data", (chunk: Buffer<ArrayBuffer>) => {
    const needed = length + chunk.length;
    if (needed > maxBytes) {
      stream.destroy(tooLarge(maxBytes));
      return;
    }
    if (needed > message.length) {
      const larger = new Uint8Array(Math.min(maxBytes, 2 * needed));
      larger.set(message.subarray(0, length));
      release(message);
      message = larger;
    }
    message.set(chunk, length);
    length = needed;
    // zlib writes on into what is left of a chunk's memory.
    if (chunk.byteOffset + chunk.length === chunk.buffer.byteLength) {
      release(chunk);
    }
  });
  stream.end(bytes);
  try {
    await once(stream, "end");
  } catch (error) {
    release(message);
    throw toConnectError(name, error);
  } finally {
    stream.destroy();
  }
  return message.subarray(0, length);
}

function tooLarge(maxBytes: number): ConnectError {
  return new ConnectError(
    `message is larger than configured readMaxBytes ${maxBytes} after decompression`,
    Code.ResourceExhausted,
  );
}

function toConnectError(name: string, error: unknown): ConnectError {
  if (error instanceof ConnectError) {
    return error;
  }
  const isCutOff = error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR";
  return new ConnectError(
    `Expected a message compressed with ${name}, got one that ${isCutOff ? "is cut off" : "is not"}.`,
    Code.InvalidArgument,
    undefined,
    undefined,
    error,
  );
}
