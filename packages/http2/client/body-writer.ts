import type { Socket } from "node:net";
import {
  defaultWindowBytes,
  flag,
  frame,
  frameType,
  largestWindowBytes,
  maxFrameBytes,
  serverSent,
} from "./frames.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * Writes request bodies within the server's flow-control windows.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-5.2
 */
export class BodyWriter {
  readonly #outbox: Outbox;
  /** Window of the connection. */
  #window = defaultWindowBytes;
  /** Initial window of a stream. */
  #streamWindow = defaultWindowBytes;
  /** Streams whose bodies wait for a larger window. */
  readonly #waiting = new Set<Http2Stream>();

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /**
   * Starts the body of a new stream.
   *
   * @returns whether the body fits one frame and the windows; the caller then writes it
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

  /** Writes as much as the windows allow; the rest follows when they grow. */
  write(stream: Http2Stream): void {
    const { body } = stream.request;
    while (!stream.isWritten) {
      const maxBytes = Math.min(this.#window, stream.sendWindow, maxFrameBytes);
      if (maxBytes <= 0) {
        this.#waiting.add(stream);
        return;
      }
      const part = body.subarray(stream.writtenBytes, stream.writtenBytes + maxBytes);
      this.#take(stream, part.length);
      const flags = stream.isWritten ? flag.endStream : 0;
      this.#outbox.append(frame(frameType.data, flags, stream.id, part));
    }
    this.#waiting.delete(stream);
  }

  /** Drops the rest of a body. */
  drop(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  clear(): void {
    this.#waiting.clear();
  }

  /** Increases the window of the connection. */
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

  /** Changes the initial window, which also changes the windows of open streams. */
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

/** Collects the bytes of one turn of the event loop and writes them to the socket at once. */
export class Outbox {
  readonly #socket: Socket;
  #chunk = Buffer.allocUnsafe(chunkBytes);
  /** Bytes to write; the socket may still read the bytes before. */
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
      // Runs after the promise callbacks of this turn.
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
