import { defaultWindowBytes } from "../client/frames.ts";
import { ConnectionError, errorCode } from "./errors.ts";
import { maxFrameBytes } from "./frame-parser.ts";
import type { Outbox } from "./outbox.ts";
import type { OpenStream, QueuedPart } from "./stream.ts";

/** Largest flow-control window. @see https://www.rfc-editor.org/rfc/rfc9113#section-6.9.1 */
export const maxWindowBytes = 2 ** 31 - 1;
/**
 * Writes frames of responses as far as the peer's windows allow.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-5.2
 */
export class FrameWriter {
  readonly #outbox: Outbox;
  /** Response frames so far, by which some rates are measured. */
  framesSent = 0;
  #window = defaultWindowBytes;
  #streamWindow = defaultWindowBytes;
  #mustEmptyTable = false;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Window of a stream that begins. */
  get streamWindow(): number {
    return this.#streamWindow;
  }

  /** Bytes of a body that the peer takes now; not positive when it takes none. */
  windowOf(stream: OpenStream): number {
    return Math.min(this.#window, stream.sendWindow);
  }

  /**
   * Writes a whole response if that takes one frame for each of its parts.
   *
   * @returns whether it did
   */
  writeResponse(
    stream: OpenStream,
    header: Uint8Array,
    prefix: Uint8Array,
    body: Uint8Array,
    trailer: Uint8Array,
  ): boolean {
    const bodyBytes = prefix.length + body.length;
    if (
      bodyBytes === 0 ||
      trailer.length === 0 ||
      bodyBytes > Math.min(this.#window, stream.sendWindow, maxFrameBytes) ||
      header.length + trailer.length > maxFrameBytes ||
      this.#mustEmptyTable
    ) {
      return false;
    }
    stream.sendWindow -= bodyBytes;
    this.#window -= bodyBytes;
    this.framesSent += 3;
    this.#outbox.response(stream.id, header, prefix, body, trailer);
    return true;
  }

  /**
   * Writes a frame of the part, if the windows allow one.
   *
   * @returns whether the part is complete
   */
  writeFrame(stream: OpenStream, { isBlock, bytes, endStream }: QueuedPart): boolean {
    if (isBlock) {
      this.#outbox.headers(
        stream.id,
        this.#mustEmptyTable ? emptyingTable(bytes) : bytes,
        endStream,
      );
      this.#mustEmptyTable = false;
      this.framesSent++;
      return true;
    }
    const left = bytes.length - stream.sentOfFirst;
    const window = Math.min(this.#window, stream.sendWindow, maxFrameBytes);
    if (window <= 0 && left > 0) {
      return false;
    }
    const size = Math.min(left, Math.max(window, 0));
    const isLast = size === left;
    const payload = bytes.subarray(stream.sentOfFirst, stream.sentOfFirst + size);
    this.#outbox.data(stream.id, payload, isLast && endStream);
    this.framesSent++;
    this.#window -= size;
    stream.sendWindow -= size;
    stream.sentOfFirst += size;
    return isLast;
  }

  /** The peer takes more on all streams together. */
  widen(bytes: number): void {
    if (this.#window + bytes > maxWindowBytes) {
      throw new ConnectionError(errorCode.flowControlError, "a window of more than 2^31 - 1 bytes");
    }
    this.#window += bytes;
  }

  /** @returns false when the window would be too large */
  widenStream(stream: OpenStream, bytes: number): boolean {
    if (stream.sendWindow + bytes > maxWindowBytes) {
      return false;
    }
    stream.sendWindow += bytes;
    return true;
  }

  /** The peer changed the window that streams begin with, which also counts for the open ones. */
  setStreamWindow(bytes: number, open: Iterable<OpenStream>): void {
    const change = bytes - this.#streamWindow;
    this.#streamWindow = bytes;
    for (const stream of open) {
      if (!this.widenStream(stream, change)) {
        throw new ConnectionError(errorCode.flowControlError, "a setting that widens too much");
      }
    }
  }

  /** The peer's table shrank below what this side may use: the next block must say that it does not. */
  emptyTable(): void {
    this.#mustEmptyTable = true;
  }
}

/** A change of the table's size to 0 before the block's fields. */
function emptyingTable(block: Uint8Array): Uint8Array {
  const longer = new Uint8Array(block.length + 1);
  longer[0] = 0x20;
  longer.set(block, 1);
  return longer;
}
