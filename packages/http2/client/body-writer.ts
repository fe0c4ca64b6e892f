import { ConnectionError, errorCode } from "../errors.ts";
import { SendWindow } from "../flow-control.ts";
import type { Outbox } from "../outbox.ts";
import type { Http2Stream } from "./stream.ts";

/** Writes request bodies within the server's flow-control windows. */
export class BodyWriter {
  readonly #outbox: Outbox;
  readonly #window = new SendWindow();
  /** Streams whose bodies wait for a larger window. */
  readonly #waiting = new Set<Http2Stream>();

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  begin(stream: Http2Stream): void {
    stream.sendWindow = this.#window.streamBytes;
    this.#write(stream);
  }

  /** Drops the rest of a body. */
  drop(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  /** Increases the window of the connection. */
  widen(bytes: number): void {
    this.#window.widen(bytes);
    this.#writeWaiting();
  }

  widenStream(stream: Http2Stream, bytes: number): void {
    if (!this.#window.widenStream(stream, bytes)) {
      throw new ConnectionError(errorCode.flowControlError, "a stream's window that is too large");
    }
    if (this.#waiting.has(stream)) {
      this.#write(stream);
    }
  }

  /** Changes the initial window, which also changes the windows of open streams. */
  setStreamWindow(bytes: number, open: Iterable<Http2Stream>): void {
    this.#window.setStreamBytes(bytes, open);
    this.#writeWaiting();
  }

  /** Writes as much as the windows allow; the rest follows when they grow. */
  #write(stream: Http2Stream): void {
    const { body } = stream.request;
    while (!stream.isWritten) {
      const maxBytes = this.#window.frameBytes(stream);
      if (maxBytes <= 0) {
        this.#waiting.add(stream);
        return;
      }
      const start = stream.writtenBytes;
      const part =
        start === 0 && body.length <= maxBytes ? body : body.subarray(start, start + maxBytes);
      this.#window.take(stream, part.length);
      stream.writtenBytes += part.length;
      this.#outbox.data(stream.id, part, stream.isWritten);
    }
    if (this.#waiting.size > 0) {
      this.#waiting.delete(stream);
    }
  }

  #writeWaiting(): void {
    for (const stream of this.#waiting) {
      this.#write(stream);
    }
  }
}
