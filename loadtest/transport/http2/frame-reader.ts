import {
  flag,
  frameHeaderBytes,
  frameType,
  Http2Error,
  mostFrameBytes,
  serverSent,
  withoutPadding,
} from "./frames.ts";
import { type FieldList, HpackDecoder, mostHeaderBytes } from "./hpack-decoder.ts";

/** @param payload a view; what it shows never changes */
export type OnFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Cuts what comes from a server into frames, and checks what can be seen from a frame alone. */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #rest: Buffer | undefined;
  #isFirst = true;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** @throws Http2Error when it is not HTTP/2 */
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
      checkLength(type, flags, length);
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

function checkLength(type: number, flags: number, length: number): void {
  if (length > mostFrameBytes || !isLengthOf(type, flags, length)) {
    throw serverSent("FRAME_SIZE_ERROR", `a frame of type ${type} with ${length} bytes`);
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
        throw serverSent("PROTOCOL_ERROR", "a frame of a stream, without a stream's number");
      }
      break;
    case frameType.settings:
    case frameType.ping:
    case frameType.goAway:
      if (streamId !== 0) {
        throw serverSent("PROTOCOL_ERROR", "a frame of the connection, with a stream's number");
      }
  }
}

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
