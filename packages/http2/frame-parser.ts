import { ConnectionError, errorCode, protocolError } from "./errors.ts";
import { frameHeaderBytes, maxFrameBytes, readUint31 } from "./frames.ts";

/** What is reserved for a frame that is not complete; it grows with what has arrived. */
const firstPartBytes = 1_024;

/** Receives each frame; the payload is `bytes` from `start` to `end`, part of a pushed chunk or a copy. */
export interface FrameReceiver {
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void;
}

/**
 * Splits the bytes of a peer into its preface and frames.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-4.1
 */
export class FrameParser {
  /** Number of frames so far. */
  frames = 0;
  readonly #receiver: FrameReceiver;
  readonly #preface: Uint8Array;
  #prefaceBytes = 0;
  /** Start of a frame whose rest has not arrived. */
  #part: Buffer | undefined;
  #partBytes = 0;

  /** @param preface what the peer begins with: nothing, if it is a server */
  constructor(receiver: FrameReceiver, preface: Uint8Array) {
    this.#receiver = receiver;
    this.#preface = preface;
  }

  /** Whether the preface or a frame has begun and is not complete. */
  get isWithinFrame(): boolean {
    return this.#part !== undefined || this.#prefaceBytes < this.#preface.length;
  }

  /** @throws ConnectionError */
  push(chunk: Buffer): void {
    let at = this.#prefaceBytes < this.#preface.length ? this.#readPreface(chunk) : 0;
    if (this.#part !== undefined) {
      at = this.#complete(this.#part, chunk);
    }
    while (chunk.length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + payloadBytes(chunk, at);
      if (end > chunk.length) {
        break;
      }
      this.#emit(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) {
      this.#part = Buffer.allocUnsafeSlow(Math.max(firstPartBytes, chunk.length - at));
      this.#partBytes = chunk.copy(this.#part, 0, at);
    }
  }

  /** @returns how many bytes of the chunk belong to the preface */
  #readPreface(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.#prefaceBytes < this.#preface.length) {
      if (chunk[at++] !== this.#preface[this.#prefaceBytes++]) {
        throw protocolError("no preface of HTTP/2");
      }
    }
    return at;
  }

  /** @returns how many bytes of the chunk belong to the frame that had begun */
  #complete(begun: Buffer, chunk: Buffer): number {
    let part = begun;
    let at = 0;
    while (this.#partBytes < frameHeaderBytes) {
      const octet = chunk[at++];
      if (octet === undefined) {
        return chunk.length;
      }
      part[this.#partBytes++] = octet;
    }
    const total = frameHeaderBytes + payloadBytes(part, 0);
    const arrived = Math.min(total, this.#partBytes + chunk.length - at);
    if (arrived > part.length) {
      part = Buffer.allocUnsafeSlow(arrived === total ? total : Math.min(total, 2 * arrived));
      begun.copy(part, 0, 0, this.#partBytes);
      this.#part = part;
    }
    at += chunk.copy(part, this.#partBytes, at, at + arrived - this.#partBytes);
    this.#partBytes = arrived;
    if (arrived === total) {
      this.#part = undefined;
      this.#emit(part, 0, total);
    }
    return at;
  }

  #emit(bytes: Buffer, at: number, end: number): void {
    this.frames++;
    this.#receiver.onFrame(
      bytes[at + 3] ?? 0,
      bytes[at + 4] ?? 0,
      readUint31(bytes, at + 5),
      bytes,
      at + frameHeaderBytes,
      end,
    );
  }
}

function payloadBytes(bytes: Buffer, at: number): number {
  const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  if (length > maxFrameBytes) {
    throw new ConnectionError(errorCode.frameSizeError, `a frame of ${length} bytes`);
  }
  return length;
}
