import { serverSent } from "./errors.ts";
import { flag, frameType } from "./frames.ts";
import { type FieldList, HpackDecoder, mostHeaderBytes } from "./hpack-decoder.ts";
import { withoutPadding } from "./padding.ts";

export type OnFields = (streamId: number, flags: number, fields: FieldList) => void;

/** What a CONTINUATION counts for beside what it carries: empty ones could go on for ever. */
const continuationBytes = 32;

/** A header block that has begun and is not complete. */
interface OpenBlock {
  readonly streamId: number;
  readonly flags: number;
  readonly parts: Buffer[];
  bytes: number;
}

/**
 * Puts header blocks together from HEADERS and CONTINUATION, and decodes each in its turn, also those
 * that nobody waits for any more: later ones refer to them.
 */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  readonly #onFields: OnFields;
  #open: OpenBlock | undefined;

  constructor(onFields: OnFields) {
    this.#onFields = onFields;
  }

  /** Checks that no other frame comes within a block. */
  expectFrame(type: number, streamId: number): void {
    const open = this.#open;
    if (open === undefined) {
      if (type === frameType.continuation) {
        throw serverSent("PROTOCOL_ERROR", "the continuation of no header block");
      }
    } else if (type !== frameType.continuation || streamId !== open.streamId) {
      throw serverSent("PROTOCOL_ERROR", "another frame within a header block");
    }
  }

  onHeaders(flags: number, streamId: number, payload: Buffer): void {
    let fragment = withoutPadding(flags, payload);
    if (flags & flag.priority) {
      if (fragment.length < 5) {
        throw serverSent("FRAME_SIZE_ERROR", `HEADERS of ${payload.length} bytes`);
      }
      fragment = fragment.subarray(5);
    }
    if (flags & flag.endHeaders) {
      this.#onFields(streamId, flags, this.#decoder.decode(fragment));
    } else {
      this.#open = { streamId, flags, parts: [fragment], bytes: fragment.length };
    }
  }

  onContinuation(flags: number, payload: Buffer): void {
    const open = this.#open;
    if (open === undefined) {
      return;
    }
    open.parts.push(payload);
    open.bytes += payload.length + continuationBytes;
    if (open.bytes > mostHeaderBytes) {
      throw serverSent("ENHANCE_YOUR_CALM", `a header block of more than ${mostHeaderBytes} bytes`);
    }
    if (flags & flag.endHeaders) {
      this.#open = undefined;
      const block = Buffer.concat(open.parts);
      this.#onFields(open.streamId, open.flags, this.#decoder.decode(block));
    }
  }
}
