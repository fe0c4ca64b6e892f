import { ConnectionError, errorCode } from "./errors.ts";
import { defaultWindowBytes, maxFrameBytes, maxWindowBytes } from "./frames.ts";

export interface SendingStream {
  sendWindow: number;
}

/**
 * What the peer allows to be sent, on the connection and on each stream.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-5.2
 */
export class SendWindow {
  #bytes = defaultWindowBytes;
  #streamBytes = defaultWindowBytes;

  /** Window of a stream that begins. */
  get streamBytes(): number {
    return this.#streamBytes;
  }

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
    const change = bytes - this.#streamBytes;
    this.#streamBytes = bytes;
    for (const stream of open) {
      if (!this.widenStream(stream, change)) {
        throw new ConnectionError(errorCode.flowControlError, "a setting that widens too much");
      }
    }
  }
}
