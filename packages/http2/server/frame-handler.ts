import { flag, frame, frameType, setting } from "../../../loadtest/transport/http2/frames.ts";
import { ConnectionError, errorCode, protocolError } from "./errors.ts";
import type { HeaderFields } from "./fields.ts";
import type { FrameReceiver } from "./frame-parser.ts";
import { endWithoutPadding, HeaderBlocks } from "./header-blocks.ts";
import type { ConnectionLimits, FrameRates } from "./options.ts";
import type { ReceiveWindow } from "./receive-window.ts";
import type { Requests } from "./requests.ts";
import { maxWindowBytes, type Sender } from "./sender.ts";
import type { OpenStream } from "./stream.ts";
import type { StreamTable } from "./stream-table.ts";

/** Settings that the load client does not know. */
export const maxHeaderListSize = 6;
/** RFC 9218, section 2.1: no priorities of RFC 7540. */
export const noRfc7540Priorities = 9;
const maxFrameSize = 5;
const minMaxFrameBytes = 16_384;
const maxMaxFrameBytes = 2 ** 24 - 1;
const defaultTableBytes = 4_096;

/** Data of the PING between the two steps of a graceful shutdown. */
export const shutdownPing = Buffer.from("shutdown", "latin1");
const settingsAck = frame(frameType.settings, flag.ack, 0, Buffer.alloc(0));
const noBytes = Buffer.alloc(0);

/** The connection, as far as a frame of the peer's concerns it. */
export interface ConnectionCore {
  readonly limits: ConnectionLimits;
  readonly streams: StreamTable;
  readonly sender: Sender;
  readonly window: ReceiveWindow;
  readonly requests: Requests;
  readonly isClosed: boolean;
  /** Whether new streams are refused because the last GOAWAY has been sent. */
  readonly isFinal: boolean;
  openStream(id: number, fields: HeaderFields, isLast: boolean): void;
  /** Resets a stream for what the peer sent on it. */
  fault(stream: OpenStream, code: number): void;
  /** Resets a stream of the peer's that is not open here. */
  rejectStream(id: number, code: number): void;
  onPeerReset(stream: OpenStream, code: number): void;
  onGoAway(): void;
  onShutdownPing(): void;
  /** Sends frames that are no response, such as an acknowledgement. */
  sendUnasked(frames: Uint8Array): void;
  /** @throws ConnectionError when the peer sent too many of these */
  meter(name: keyof FrameRates, what: string): void;
}

/**
 * Checks each frame of the peer, and does what it asks for.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6
 */
export class FrameHandler implements FrameReceiver {
  readonly #core: ConnectionCore;
  readonly #blocks: HeaderBlocks;
  hasSettings = false;
  /** Whether the peer acknowledged our settings. */
  isAcknowledged = false;
  #peerTableBytes = defaultTableBytes;

  constructor(core: ConnectionCore) {
    this.#core = core;
    this.#blocks = new HeaderBlocks(core.limits, (...block) => this.#onFields(...block));
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
    if (this.#core.isClosed) {
      return;
    }
    if (!this.hasSettings && (type !== frameType.settings || flags & flag.ack)) {
      throw protocolError("another frame before SETTINGS");
    }
    if (this.#blocks.isOpen && type !== frameType.continuation) {
      throw protocolError("another frame within a header block");
    }
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
        expectLength(end - start === 4);
        this.#onWindowUpdate(streamId, bytes.readUInt32BE(start) & 0x7fffffff);
        break;
      case frameType.resetStream:
        expectStream(streamId);
        expectLength(end - start === 4);
        this.#onReset(streamId, bytes.readUInt32BE(start));
        break;
      case frameType.settings:
        expectNoStream(streamId);
        this.#onSettings(flags, bytes, start, end);
        break;
      case frameType.ping:
        expectNoStream(streamId);
        expectLength(end - start === 8);
        this.#onPing(flags, bytes.subarray(start, end));
        break;
      case frameType.goAway:
        expectNoStream(streamId);
        expectLength(end - start >= 8);
        this.#core.onGoAway();
        break;
      case frameType.continuation:
        expectStream(streamId);
        this.#blocks.onContinuation(flags, streamId, bytes.subarray(start, end));
        break;
      case frameType.pushPromise:
        throw protocolError("PUSH_PROMISE of a client");
      case frameType.priority:
        expectStream(streamId);
        this.#onPriority(streamId, bytes, start, end);
        break;
      default:
        this.#core.meter("ignored", "frames of unknown types");
    }
  }

  #onFields(id: number, isLast: boolean, fields: HeaderFields, dependsOnItself: boolean): void {
    const open = this.#core.streams.get(id);
    if (open !== undefined) {
      this.#onTrailers(open, isLast, fields);
      return;
    }
    if (id <= this.#core.streams.lastId) {
      this.#onLateFields(id);
      return;
    }
    if (id % 2 === 0) {
      throw protocolError(`HEADERS of stream ${id}, which a client cannot open`);
    }
    this.#core.streams.use(id);
    if (this.#core.isFinal || this.#core.streams.size >= this.#core.limits.maxConcurrentStreams) {
      this.#core.rejectStream(id, errorCode.refusedStream);
      return;
    }
    if (fields.isTooLarge) {
      this.#core.rejectStream(id, errorCode.enhanceYourCalm);
      return;
    }
    if (fields.problem !== undefined || dependsOnItself || (isLast && fields.contentLength > 0)) {
      this.#core.rejectStream(id, errorCode.protocolError);
      return;
    }
    this.#core.openStream(id, fields, isLast);
  }

  #onTrailers(stream: OpenStream, isLast: boolean, fields: HeaderFields): void {
    if (stream.isRemoteClosed) {
      this.#core.fault(stream, errorCode.streamClosed);
    } else if (fields.isTooLarge) {
      this.#core.fault(stream, errorCode.enhanceYourCalm);
    } else if (!isLast || !fields.areTrailers || !isWhole(stream)) {
      this.#core.fault(stream, errorCode.protocolError);
    } else {
      this.#core.requests.onEnd(stream, noBytes, fields);
    }
  }

  /** HEADERS of a stream that is closed, which the peer may have sent before it knew that. */
  #onLateFields(id: number): void {
    if (this.#core.streams.wasReset(id)) {
      return;
    }
    if (id % 2 === 0 || this.#core.streams.wasSkipped(id)) {
      throw protocolError(`HEADERS of stream ${id} after later ones`);
    }
    throw new ConnectionError(errorCode.streamClosed, `HEADERS of stream ${id}, which is closed`);
  }

  #onData(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const frameBytes = end - start;
    this.#core.window.use(frameBytes);
    const isPadded = (flags & flag.padded) !== 0;
    const from = isPadded ? start + 1 : start;
    const to = isPadded ? endWithoutPadding(bytes, start, end) : end;
    const isLast = (flags & flag.endStream) !== 0;
    if (from === to && !isLast) {
      this.#core.meter("emptyData", "empty DATA frames");
    }
    const stream = this.#core.streams.get(id);
    if (stream === undefined) {
      this.#core.window.give(frameBytes);
      this.#expectUsed(id);
      if (!this.#core.streams.wasReset(id)) {
        this.#core.rejectStream(id, errorCode.streamClosed);
      }
      return;
    }
    let code: number = errorCode.noError;
    if (stream.isRemoteClosed) {
      code = errorCode.streamClosed;
    } else if (!this.#core.window.useStream(stream, frameBytes)) {
      code = errorCode.flowControlError;
    } else {
      stream.receivedBytes += to - from;
      const { contentLength } = stream.fields;
      if (
        contentLength !== -1 &&
        (isLast ? !isWhole(stream) : stream.receivedBytes > contentLength)
      ) {
        code = errorCode.protocolError;
      }
    }
    if (code !== errorCode.noError) {
      this.#core.window.give(frameBytes);
      this.#core.fault(stream, code);
      return;
    }
    const chunk = bytes.subarray(from, to);
    this.#core.requests.onData(stream, chunk, frameBytes, isLast, this.#core.sender.coarseMs);
  }

  #onReset(id: number, code: number): void {
    this.#expectUsed(id);
    this.#core.meter("resetsReceived", "RST_STREAM frames");
    const stream = this.#core.streams.get(id);
    if (stream !== undefined) {
      this.#core.onPeerReset(stream, code);
    }
  }

  #onWindowUpdate(id: number, bytes: number): void {
    this.#core.meter("windowUpdates", "WINDOW_UPDATE frames");
    if (id === 0) {
      if (bytes === 0) {
        throw protocolError("a WINDOW_UPDATE by 0 bytes");
      }
      this.#core.sender.widen(bytes);
      return;
    }
    this.#expectUsed(id);
    const stream = this.#core.streams.get(id);
    if (stream !== undefined) {
      if (bytes === 0) {
        this.#core.fault(stream, errorCode.protocolError);
      } else if (!this.#core.sender.widenStream(stream, bytes)) {
        this.#core.fault(stream, errorCode.flowControlError);
      }
    }
  }

  #onSettings(flags: number, bytes: Buffer, start: number, end: number): void {
    if (flags & flag.ack) {
      expectLength(start === end);
      this.isAcknowledged = true;
      return;
    }
    expectLength((end - start) % 6 === 0);
    this.#core.meter("settings", "SETTINGS frames");
    this.hasSettings = true;
    for (let at = start; at < end; at += 6) {
      this.#onSetting(bytes.readUInt16BE(at), bytes.readUInt32BE(at + 2));
    }
    this.#core.sendUnasked(settingsAck);
  }

  #onSetting(id: number, value: number): void {
    switch (id) {
      case setting.headerTableSize:
        if (value < this.#peerTableBytes) {
          this.#core.sender.emptyTable();
        }
        this.#peerTableBytes = value;
        break;
      case setting.enablePush:
      case noRfc7540Priorities:
        if (value > 1) {
          throw protocolError(`the setting ${id} of ${value}`);
        }
        break;
      case setting.initialWindowSize:
        if (value > maxWindowBytes) {
          throw new ConnectionError(errorCode.flowControlError, `a window of ${value} bytes`);
        }
        this.#core.sender.setStreamWindow(value, this.#core.streams.all());
        break;
      case maxFrameSize:
        if (value < minMaxFrameBytes || value > maxMaxFrameBytes) {
          throw protocolError(`frames of ${value} bytes`);
        }
    }
  }

  #onPing(flags: number, payload: Buffer): void {
    if (flags & flag.ack) {
      if (payload.equals(shutdownPing)) {
        this.#core.onShutdownPing();
      }
      return;
    }
    this.#core.meter("pings", "PING frames");
    this.#core.sendUnasked(frame(frameType.ping, flag.ack, 0, payload));
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9113#section-5.3 */
  #onPriority(id: number, bytes: Buffer, start: number, end: number): void {
    this.#core.meter("ignored", "PRIORITY frames");
    const stream = this.#core.streams.get(id);
    const isWrongSize = end - start !== 5;
    if (isWrongSize || (bytes.readUInt32BE(start) & 0x7fffffff) === id) {
      const code = isWrongSize ? errorCode.frameSizeError : errorCode.protocolError;
      if (stream === undefined) {
        throw new ConnectionError(code, "a PRIORITY of the wrong size, or of a stream on itself");
      }
      this.#core.fault(stream, code);
    }
  }

  #expectUsed(id: number): void {
    if (id > this.#core.streams.lastId || id % 2 === 0) {
      throw protocolError(`a frame of stream ${id}, which was never opened`);
    }
  }
}

/** Whether the body has the length that the header announced, if it did. */
function isWhole({ fields, receivedBytes }: OpenStream): boolean {
  return fields.contentLength === -1 || fields.contentLength === receivedBytes;
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
