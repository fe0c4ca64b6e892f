import type { Socket } from "node:net";
import {
  defaultWindowBytes,
  flag,
  frame,
  frameType,
  largestWindowBytes,
  mostFrameBytes,
  serverSent,
} from "./frames.ts";
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

const chunkBytes = 64 * 1_024;

/** Collects what is sent in one turn of the loop, and hands it to the socket at once. */
export class Outbox {
  readonly #socket: Socket;
  #chunk = Buffer.allocUnsafe(chunkBytes);
  /** What is to be written; what is before may still be read by the socket. */
  #start = 0;
  #end = 0;
  readonly #flushLater = () => this.flush();

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Copies the bytes. */
  append(bytes: Uint8Array): void {
    if (bytes.length > this.#chunk.length - this.#end) {
      this.flush();
      this.#chunk = Buffer.allocUnsafe(Math.max(chunkBytes, bytes.length));
      this.#start = 0;
      this.#end = 0;
    }
    if (this.#start === this.#end) {
      // After the promises that this turn of the loop still settles.
      process.nextTick(this.#flushLater);
    }
    this.#chunk.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  flush(): void {
    if (this.#start < this.#end && !this.#socket.destroyed) {
      this.#socket.write(this.#chunk.subarray(this.#start, this.#end));
    }
    this.#start = this.#end;
  }
}
