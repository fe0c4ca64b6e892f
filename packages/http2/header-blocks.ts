import { ConnectionError, errorCode, protocolError, tooMany } from "./errors.ts";
import { flag, readUint31 } from "./frames.ts";
import { type FieldRules, HpackDecoder } from "./hpack-decoder.ts";

export interface HeaderLimits {
  readonly maxHeaderBytes: number;
  readonly maxHeaderFields: number;
  readonly maxContinuations: number;
}

export interface FieldsHandler<Fields> {
  /**
   * @param isLast whether these fields end the stream
   * @param dependsOnItself whether the priority that came with the fields is an error
   */
  onFields(streamId: number, isLast: boolean, fields: Fields, dependsOnItself: boolean): void;
}

/** Block whose rest has not arrived. */
interface OpenBlock {
  readonly streamId: number;
  readonly isLast: boolean;
  readonly dependsOnItself: boolean;
  bytes: Buffer;
  frames: number;
}

const priorityBytes = 5;

/**
 * Puts header blocks together from HEADERS and CONTINUATION, and decodes each, also those of streams
 * that are gone: later blocks refer to them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-4.3
 */
export class HeaderBlocks<Fields> {
  readonly #decoder: HpackDecoder<Fields>;
  readonly #limits: HeaderLimits;
  readonly #handler: FieldsHandler<Fields>;
  #open: OpenBlock | undefined;

  constructor(handler: FieldsHandler<Fields>, rules: FieldRules<Fields>, limits: HeaderLimits) {
    this.#handler = handler;
    this.#limits = limits;
    this.#decoder = new HpackDecoder(rules, limits.maxHeaderBytes, limits.maxHeaderFields);
  }

  /** Whether only the continuation of a block may come. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  onHeaders(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    let from = start;
    let to = end;
    let dependsOnItself = false;
    if (flags & (flag.padded | flag.priority)) {
      if (flags & flag.padded) {
        to = endWithoutPadding(bytes, start, end);
        from++;
      }
      if (flags & flag.priority) {
        if (to - from < priorityBytes) {
          throw new ConnectionError(errorCode.frameSizeError, "HEADERS without their priority");
        }
        dependsOnItself = readUint31(bytes, from) === streamId;
        from += priorityBytes;
      }
    }
    const isLast = (flags & flag.endStream) !== 0;
    if (flags & flag.endHeaders) {
      const fields = this.#decoder.decode(bytes, from, to);
      this.#handler.onFields(streamId, isLast, fields, dependsOnItself);
      return;
    }
    const block = Buffer.from(bytes.subarray(from, to));
    this.#checkBytes(block.length);
    this.#open = { streamId, isLast, dependsOnItself, bytes: block, frames: 0 };
  }

  onContinuation(flags: number, streamId: number, payload: Buffer): void {
    const open = this.#open;
    if (open === undefined || open.streamId !== streamId) {
      throw protocolError("a CONTINUATION of no header block");
    }
    this.#checkBytes(open.bytes.length + payload.length);
    if (++open.frames > this.#limits.maxContinuations) {
      throw tooMany("CONTINUATION frames");
    }
    open.bytes = Buffer.concat([open.bytes, payload]);
    if (flags & flag.endHeaders) {
      this.#open = undefined;
      const fields = this.#decoder.decode(open.bytes, 0, open.bytes.length);
      this.#handler.onFields(streamId, open.isLast, fields, open.dependsOnItself);
    }
  }

  #checkBytes(bytes: number): void {
    if (bytes > this.#limits.maxHeaderBytes) {
      throw tooMany("bytes in a header block");
    }
  }
}

/** End of what a padded frame carries; it starts one byte after `start`. */
export function endWithoutPadding(bytes: Buffer, start: number, end: number): number {
  if (start === end) {
    throw new ConnectionError(errorCode.frameSizeError, "a padded frame of 0 bytes");
  }
  const to = end - (bytes[start] ?? 0);
  if (to <= start) {
    throw protocolError("a frame with more padding than there is frame");
  }
  return to;
}
