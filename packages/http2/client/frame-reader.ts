import {
  flag,
  frameHeaderBytes,
  frameType,
  Http2Error,
  maxFrameBytes,
  serverSent,
  withoutPadding,
} from "./frames.ts";
import { type FieldList, HpackDecoder, maxHeaderBytes } from "./hpack-decoder.ts";

/** @param payload a view of bytes that never change */
export type OnFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Splits received bytes into frames and checks what one frame alone shows. */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #rest: Buffer | undefined;
  #isFirst = true;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** @throws Http2Error when the bytes are not HTTP/2 */
  read(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, chunk]);
      this.#rest = undefined;
    }
    let at = 0;
    while (bytes.length - at >= frameHeaderBytes) {
      const length = bytes.readUIntBE(at, 3);
      const type = bytes[at + 3] ?? 0;
      const flags = bytes[at + 4] ?? 0;
      const streamId = bytes.readUInt32BE(at + 5) & 0x7fffffff;
      if (this.#isFirst) {
        expectSettings(type, flags, bytes);
        this.#isFirst = false;
      }
      if (length > maxFrameBytes || !isLengthOf(type, flags, length)) {
        throw serverSent("FRAME_SIZE_ERROR", `a frame of type ${type} with ${length} bytes`);
      }
      checkStream(type, streamId);
      const end = at + frameHeaderBytes + length;
      if (end > bytes.length) {
        break;
      }
      this.#onFrame(type, flags, streamId, bytes.subarray(at + frameHeaderBytes, end));
      at = end;
    }
    if (at < bytes.length) {
      this.#rest = bytes.subarray(at);
    }
  }
}

function expectSettings(type: number, flags: number, bytes: Buffer): void {
  const start = bytes.toString("latin1", 0, 100).split("\r\n", 1)[0] ?? "";
  if (start.startsWith("HTTP/")) {
    throw new Http2Error("HTTP_1_1_REQUIRED", `Expected HTTP/2, got "${start}"; try --http 1.1`);
  }
  if (type !== frameType.settings || flags & flag.ack) {
    throw serverSent(
      "PROTOCOL_ERROR",
      `${JSON.stringify(start.slice(0, 20))} before its settings; does it speak HTTP/2?`,
    );
  }
}

function isLengthOf(type: number, flags: number, length: number): boolean {
  switch (type) {
    case frameType.priority:
      return length === 5;
    case frameType.resetStream:
    case frameType.windowUpdate:
      return length === 4;
    case frameType.settings:
      return flags & flag.ack ? length === 0 : length % 6 === 0;
    case frameType.ping:
      return length === 8;
    case frameType.goAway:
      return length >= 8;
    default:
      return true;
  }
}

function checkStream(type: number, streamId: number): void {
  switch (type) {
    case frameType.data:
    case frameType.headers:
    case frameType.priority:
    case frameType.resetStream:
    case frameType.continuation:
      if (streamId === 0) {
        throw serverSent("PROTOCOL_ERROR", "a stream's frame without a stream identifier");
      }
      break;
    case frameType.settings:
    case frameType.ping:
    case frameType.goAway:
      if (streamId !== 0) {
        throw serverSent("PROTOCOL_ERROR", "a connection's frame with a stream identifier");
      }
  }
}

export type OnFields = (streamId: number, flags: number, fields: FieldList) => void;

/** Size that a CONTINUATION counts in addition to its payload, so that empty ones are limited. */
const continuationBytes = 32;

/** A header block that is not complete. */
interface OpenBlock {
  readonly streamId: number;
  readonly flags: number;
  readonly parts: Buffer[];
  bytes: number;
}

/**
 * Assembles header blocks from HEADERS and CONTINUATION and decodes them in order. Blocks of
 * cancelled requests are decoded too, because later blocks refer to their fields.
 */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder();
  readonly #onFields: OnFields;
  #open: OpenBlock | undefined;

  constructor(onFields: OnFields) {
    this.#onFields = onFields;
  }

  /** Checks that no other frame interrupts a header block. */
  expectFrame(type: number, streamId: number): void {
    const open = this.#open;
    if (open === undefined) {
      if (type === frameType.continuation) {
        throw serverSent("PROTOCOL_ERROR", "a CONTINUATION without a header block");
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
    if (open.bytes > maxHeaderBytes) {
      throw serverSent("ENHANCE_YOUR_CALM", `a header block of more than ${maxHeaderBytes} bytes`);
    }
    if (flags & flag.endHeaders) {
      this.#open = undefined;
      const block = Buffer.concat(open.parts);
      this.#onFields(open.streamId, open.flags, this.#decoder.decode(block));
    }
  }
}
