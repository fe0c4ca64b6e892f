import { ConnectionError, errorCode } from "./errors.ts";
import { defaultWindowBytes, frameType, maxFrameBytes, maxWindowBytes } from "./frames.ts";
import type { Outbox } from "./outbox.ts";

export interface SendingStream {
  sendWindow: number;
}

/**
 * What the peer allows to be sent, on the connection and on each stream.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-5.2
 */
export class SendWindow {
  /** Window of a stream that begins. */
  streamBytes = defaultWindowBytes;
  #bytes = defaultWindowBytes;

  /** Size of the largest DATA frame that can be sent now; not positive when none can. */
  frameBytes(stream: SendingStream): number {
    return Math.min(this.#bytes, stream.sendWindow, maxFrameBytes);
  }

  take(stream: SendingStream, bytes: number): void {
    stream.sendWindow -= bytes;
    this.#bytes -= bytes;
  }

  /** The peer takes more on all streams together. */
  widen(bytes: number): void {
    if (this.#bytes + bytes > maxWindowBytes) {
      throw new ConnectionError(errorCode.flowControlError, "a window of more than 2^31 - 1 bytes");
    }
    this.#bytes += bytes;
  }

  /** @returns false when the window would be too large */
  widenStream(stream: SendingStream, bytes: number): boolean {
    if (stream.sendWindow + bytes > maxWindowBytes) {
      return false;
    }
    stream.sendWindow += bytes;
    return true;
  }

  /** The peer changed the window that streams begin with, which also counts for the open ones. */
  setStreamBytes(bytes: number, open: Iterable<SendingStream>): void {
    const change = bytes - this.streamBytes;
    this.streamBytes = bytes;
    for (const stream of open) {
      if (!this.widenStream(stream, change)) {
        throw new ConnectionError(errorCode.flowControlError, "a setting that widens too much");
      }
    }
  }
}

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
      this.#outbox.number(frameType.windowUpdate, 0, more);
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
      this.#outbox.number(frameType.windowUpdate, 0, this.#returnableBytes);
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
      this.#outbox.number(frameType.windowUpdate, stream.id, stream.returnableBytes);
      stream.receiveWindow += stream.returnableBytes;
      stream.returnableBytes = 0;
    }
  }
}
