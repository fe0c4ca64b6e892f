import type { Readable } from "node:stream";
import type { BodyReader } from "./exchange.ts";

/** How much of a body that is too large is still read, in bytes, so that its sender hears of it. */
export const mostDrainedBytes = 16 * 1024 * 1024;

/**
 * Reads a body into one piece.
 *
 * One that is too large is read on and thrown away: a caller that is still writing would not read the
 * answer otherwise (over HTTP/2 it waits for its window, over HTTP/1.1 its connection would die).
 *
 * @param cut ends a request that goes on and on
 */
export function readBody(
  source: Readable,
  mostBytes: number,
  reader: BodyReader,
  cut: () => void,
): void {
  let first: Uint8Array | undefined;
  let chunks: Uint8Array[] | undefined;
  let bytes = 0;
  let isRefused = false;
  source.on("data", (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (first === undefined && !isRefused) {
      isRefused = !reader.onStart(chunk);
    }
    if (bytes > mostBytes && !isRefused) {
      isRefused = true;
      reader.onTooLarge();
    }
    if (isRefused) {
      first = undefined;
      chunks = undefined;
      if (bytes > mostBytes + mostDrainedBytes) {
        cut();
      }
    } else if (first === undefined) {
      first = chunk;
    } else if (chunks === undefined) {
      chunks = [first, chunk];
    } else {
      chunks.push(chunk);
    }
  });
  source.on("end", () => {
    if (!isRefused) {
      reader.onBody(chunks === undefined ? (first ?? nothing) : Buffer.concat(chunks, bytes));
    }
  });
}

const nothing = new Uint8Array(0);
