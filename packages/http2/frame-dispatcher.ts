import { ConnectionError, errorCode, protocolError } from "./errors.ts";
import type { FrameReceiver } from "./frame-parser.ts";
import { flag, frameType, maxFrameBytes, maxWindowBytes, readUint31, setting } from "./frames.ts";
import {
  endWithoutPadding,
  type FieldsHandler,
  HeaderBlocks,
  type HeaderLimits,
} from "./header-blocks.ts";
import type { FieldRules } from "./hpack-decoder.ts";

export interface Setting {
  readonly id: number;
  readonly value: number;
}

/** Does what the frames of the peer ask for. */
export interface FrameHandler<Fields> extends FieldsHandler<Fields> {
  /** Whether all further frames are ignored. */
  readonly isClosed: boolean;
  /**
   * @param chunk a view of bytes that do not change while this runs
   * @param frameBytes what flow control counts: the chunk with its padding
   */
  onData(streamId: number, chunk: Buffer, frameBytes: number, isLast: boolean): void;
  onReset(streamId: number, code: number): void;
  onWindowUpdate(streamId: number, bytes: number): void;
  onSettings(settings: readonly Setting[]): void;
  onSettingsAck(): void;
  onPing(payload: Buffer, isAck: boolean): void;
  onGoAway(lastStreamId: number, code: number): void;
  /** @param code of the error in the frame; NO_ERROR when it has none */
  onPriority(streamId: number, code: number): void;
  /** A frame of an unknown type. */
  onUnknown(): void;
}

const settingBytes = 6;
const maxMaxFrameBytes = 2 ** 24 - 1;

/**
 * Checks what a frame alone and the order of frames show, and hands each to the role's handler.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6
 */
export class FrameDispatcher<Fields> implements FrameReceiver {
  /** Whether the peer has sent its settings. */
  hasSettings = false;
  readonly #handler: FrameHandler<Fields>;
  readonly #blocks: HeaderBlocks<Fields>;

  constructor(handler: FrameHandler<Fields>, rules: FieldRules<Fields>, limits: HeaderLimits) {
    this.#handler = handler;
    this.#blocks = new HeaderBlocks(handler, rules, limits);
  }

  /** Whether a header block has begun that is not complete. */
  get isWithinBlock(): boolean {
    return this.#blocks.isOpen;
  }

  /** @throws ConnectionError */
  onFrame(
    type: number,
    flags: number,
    streamId: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    if (this.#handler.isClosed) {
      return;
    }
    if (!this.hasSettings && (type !== frameType.settings || flags & flag.ack)) {
      throw protocolError("another frame before SETTINGS");
    }
    if (this.#blocks.isOpen && type !== frameType.continuation) {
      throw protocolError("another frame within a header block");
    }
    const length = end - start;
    switch (type) {
      case frameType.headers:
        expectStream(streamId);
        this.#blocks.onHeaders(flags, streamId, bytes, start, end);
        break;
      case frameType.data:
        expectStream(streamId);
        this.#onData(flags, streamId, bytes, start, end);
        break;
      case frameType.windowUpdate:
        expectLength(length === 4);
        this.#handler.onWindowUpdate(streamId, readUint31(bytes, start));
        break;
      case frameType.resetStream:
        expectStream(streamId);
        expectLength(length === 4);
        this.#handler.onReset(streamId, bytes.readUInt32BE(start));
        break;
      case frameType.settings:
        expectNoStream(streamId);
        this.#onSettings(flags, bytes, start, end);
        break;
      case frameType.ping:
        expectNoStream(streamId);
        expectLength(length === 8);
        this.#handler.onPing(bytes.subarray(start, end), (flags & flag.ack) !== 0);
        break;
      case frameType.goAway:
        expectNoStream(streamId);
        expectLength(length >= 8);
        this.#handler.onGoAway(readUint31(bytes, start), bytes.readUInt32BE(start + 4));
        break;
      case frameType.continuation:
        expectStream(streamId);
        this.#blocks.onContinuation(flags, streamId, bytes.subarray(start, end));
        break;
      case frameType.pushPromise:
        throw protocolError("PUSH_PROMISE, which neither side may send");
      case frameType.priority:
        expectStream(streamId);
        this.#handler.onPriority(streamId, codeOfPriority(streamId, bytes, start, end));
        break;
      default:
        this.#handler.onUnknown();
    }
  }

  #onData(flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const isPadded = (flags & flag.padded) !== 0;
    const chunk = isPadded
      ? bytes.subarray(start + 1, endWithoutPadding(bytes, start, end))
      : bytes.subarray(start, end);
    this.#handler.onData(streamId, chunk, end - start, (flags & flag.endStream) !== 0);
  }

  #onSettings(flags: number, bytes: Buffer, start: number, end: number): void {
    if (flags & flag.ack) {
      expectLength(start === end);
      this.#handler.onSettingsAck();
      return;
    }
    const settings = readSettings(bytes, start, end);
    this.hasSettings = true;
    this.#handler.onSettings(settings);
  }
}

/**
 * Reads the payload of a SETTINGS frame.
 *
 * @throws ConnectionError for a value that no endpoint may send
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6.5
 */
function readSettings(bytes: Buffer, start: number, end: number): Setting[] {
  if ((end - start) % settingBytes !== 0) {
    throw new ConnectionError(errorCode.frameSizeError, "SETTINGS of the wrong length");
  }
  const settings: Setting[] = [];
  for (let at = start; at < end; at += settingBytes) {
    const [id, value] = [bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2)];
    checkSetting(id, value);
    settings.push({ id, value });
  }
  return settings;
}

function checkSetting(id: number, value: number): void {
  switch (id) {
    case setting.enablePush:
    case setting.noRfc7540Priorities:
      if (value > 1) {
        throw protocolError(`the setting ${id} of ${value}`);
      }
      break;
    case setting.initialWindowSize:
      if (value > maxWindowBytes) {
        throw new ConnectionError(errorCode.flowControlError, `a window of ${value} bytes`);
      }
      break;
    case setting.maxFrameSize:
      if (value < maxFrameBytes || value > maxMaxFrameBytes) {
        throw protocolError(`frames of ${value} bytes`);
      }
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc9113#section-5.3 */
function codeOfPriority(streamId: number, bytes: Buffer, start: number, end: number): number {
  if (end - start !== 5) {
    return errorCode.frameSizeError;
  }
  const dependency = readUint31(bytes, start);
  return dependency === streamId ? errorCode.protocolError : errorCode.noError;
}

function expectStream(streamId: number): void {
  if (streamId === 0) {
    throw protocolError("a frame of a stream, without a stream's number");
  }
}

function expectNoStream(streamId: number): void {
  if (streamId !== 0) {
    throw protocolError("a frame of the connection, with a stream's number");
  }
}

function expectLength(isRight: boolean): void {
  if (!isRight) {
    throw new ConnectionError(errorCode.frameSizeError, "a frame of the wrong length");
  }
}
