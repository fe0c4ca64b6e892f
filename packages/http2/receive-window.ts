import { ConnectionError, errorCode } from "./errors.ts";
import { defaultWindowBytes, frameType } from "./frames.ts";
import type { Outbox } from "./outbox.ts";

export interface ReceivingStream {
  readonly id: number;
  /** Whether the peer has ended its side. */
  readonly isRemoteClosed: boolean;
  /** What the peer may still send, and what it may send again but was not told yet. */
  receiveWindow: number;
  returnableBytes: number;
}

/**
 * What the peer may send, on the connection and on each stream. The peer is told that it may send
 * more when half of a window has been used up.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-5.2
 */
export class ReceiveWindow {
  readonly #outbox: Outbox;
  readonly #streamBytes: number;
  readonly #connectionBytes: number;
  #window: number;
  #returnableBytes = 0;

  constructor(outbox: Outbox, streamBytes: number, connectionBytes: number) {
    this.#outbox = outbox;
    this.#streamBytes = streamBytes;
    this.#connectionBytes = connectionBytes;
    this.#window = connectionBytes;
  }

  /** Widens the connection's window, which no setting does. */
  open(): void {
    const more = this.#connectionBytes - defaultWindowBytes;
    if (more > 0) {
      this.#outbox.numbers(frameType.windowUpdate, 0, more);
    }
  }

  /** Counts a DATA frame; all of it, with its padding. */
  use(bytes: number): void {
    this.#window -= bytes;
    if (this.#window < 0) {
      throw new ConnectionError(errorCode.flowControlError, "DATA beyond the connection's window");
    }
  }

  /** @returns false when that is more than the stream's window */
  useStream(stream: ReceivingStream, bytes: number): boolean {
    stream.receiveWindow -= bytes;
    return stream.receiveWindow >= 0;
  }

  /** Lets the peer send so much again, on the connection. */
  give(bytes: number): void {
    this.#returnableBytes += bytes;
    if (this.#returnableBytes * 2 >= this.#connectionBytes) {
      this.#outbox.numbers(frameType.windowUpdate, 0, this.#returnableBytes);
      this.#window += this.#returnableBytes;
      this.#returnableBytes = 0;
    }
  }

  /** Lets the peer send so much again, on the stream and on the connection. */
  giveStream(stream: ReceivingStream, bytes: number): void {
    this.give(bytes);
    if (stream.isRemoteClosed) {
      return;
    }
    stream.returnableBytes += bytes;
    if (stream.returnableBytes * 2 >= this.#streamBytes) {
      this.#outbox.numbers(frameType.windowUpdate, stream.id, stream.returnableBytes);
      stream.receiveWindow += stream.returnableBytes;
      stream.returnableBytes = 0;
    }
  }
}
