import { serverSent } from "./errors.ts";
import {
  defaultWindowBytes,
  flag,
  frame,
  frameType,
  largestWindowBytes,
  mostFrameBytes,
} from "./frames.ts";
import type { Outbox } from "./outbox.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * Writes bodies as far as the server takes them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-5.2
 */
export class BodyWriter {
  readonly #outbox: Outbox;
  /** How much the server takes on all streams together. */
  #window = defaultWindowBytes;
  /** How much it takes on a stream that begins. */
  #streamWindow = defaultWindowBytes;
  /** Streams whose bodies wait for it to take more. */
  readonly #waiting = new Set<Http2Stream>();

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /**
   * Begins the body of a new stream.
   *
   * @returns whether the server takes it in one frame, which the caller then writes
   */
  begin(stream: Http2Stream): boolean {
    const { isSmall, body } = stream.request;
    stream.sendWindow = this.#streamWindow;
    if (!isSmall || body.length > this.#window || body.length > stream.sendWindow) {
      return false;
    }
    this.#take(stream, body.length);
    return true;
  }

  /** Writes what the server takes; the rest follows when it takes more. */
  write(stream: Http2Stream): void {
    const { body } = stream.request;
    while (!stream.isWritten) {
      const most = Math.min(this.#window, stream.sendWindow, mostFrameBytes);
      if (most <= 0) {
        this.#waiting.add(stream);
        return;
      }
      const part = body.subarray(stream.writtenBytes, stream.writtenBytes + most);
      this.#take(stream, part.length);
      const flags = stream.isWritten ? flag.endStream : 0;
      this.#outbox.append(frame(frameType.data, flags, stream.id, part));
    }
    this.#waiting.delete(stream);
  }

  /** The rest of its body is not to be written. */
  drop(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  clear(): void {
    this.#waiting.clear();
  }

  /** The server takes more. */
  widen(bytes: number): void {
    this.#window = widened(this.#window, bytes);
    this.#writeWaiting();
  }

  widenStream(stream: Http2Stream, bytes: number): void {
    stream.sendWindow = widened(stream.sendWindow, bytes);
    if (this.#waiting.has(stream)) {
      this.write(stream);
    }
  }

  /** The server changes what it takes on each stream, also on those that are open. */
  setStreamWindow(bytes: number, open: Iterable<Http2Stream>): void {
    const change = bytes - this.#streamWindow;
    this.#streamWindow = widened(0, bytes);
    for (const stream of open) {
      stream.sendWindow = widened(stream.sendWindow, change);
    }
    this.#writeWaiting();
  }

  #writeWaiting(): void {
    for (const stream of this.#waiting) {
      if (this.#window <= 0) {
        return;
      }
      this.write(stream);
    }
  }

  #take(stream: Http2Stream, bytes: number): void {
    stream.writtenBytes += bytes;
    stream.sendWindow -= bytes;
    this.#window -= bytes;
  }
}

function widened(window: number, bytes: number): number {
  if (window + bytes > largestWindowBytes) {
    throw serverSent("FLOW_CONTROL_ERROR", `a window of ${window + bytes} bytes`);
  }
  return window + bytes;
}
