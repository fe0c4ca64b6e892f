import { SendWindow } from "../flow-control.ts";
import { maxFrameBytes } from "../frames.ts";
import type { Outbox } from "../outbox.ts";
import type { OpenStream, QueuedPart } from "./stream.ts";

/** Writes frames of responses as far as the client's windows allow. */
export class FrameWriter {
  readonly window = new SendWindow();
  readonly #outbox: Outbox;
  /** Response frames so far, by which some rates are measured. */
  framesSent = 0;
  #mustEmptyTable = false;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
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
      bodyBytes > this.window.frameBytes(stream) ||
      header.length + trailer.length > maxFrameBytes ||
      this.#mustEmptyTable
    ) {
      return false;
    }
    this.window.take(stream, bodyBytes);
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
    const window = this.window.frameBytes(stream);
    if (window <= 0 && left > 0) {
      return false;
    }
    const size = Math.min(left, Math.max(window, 0));
    const isLast = size === left;
    const payload = bytes.subarray(stream.sentOfFirst, stream.sentOfFirst + size);
    this.#outbox.data(stream.id, payload, isLast && endStream);
    this.framesSent++;
    this.window.take(stream, size);
    stream.sentOfFirst += size;
    return isLast;
  }

  /** The client's table shrank below what this side may use: the next block must say that it does not. */
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
