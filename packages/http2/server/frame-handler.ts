import { flag, frame, frameType } from "../client/frames.ts";
import type { ConnectionCore } from "./core.ts";
import { ConnectionError, errorCode, protocolError } from "./errors.ts";
import type { HeaderFields } from "./fields.ts";
import type { FrameReceiver } from "./frame-parser.ts";
import { endWithoutPadding, HeaderBlocks } from "./header-blocks.ts";
import { Settings } from "./settings.ts";
import type { OpenStream } from "./stream.ts";

/** Data of the PING between the two steps of a graceful shutdown. */
export const shutdownPing = Buffer.from("shutdown", "latin1");
const noBytes = Buffer.alloc(0);

/**
 * Checks each frame of the peer, and does what it asks for.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6
 */
export class FrameHandler implements FrameReceiver {
  readonly #core: ConnectionCore;
  readonly #blocks: HeaderBlocks;
  readonly settings: Settings;

  constructor(core: ConnectionCore) {
    this.#core = core;
    this.settings = new Settings(core);
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
    if (!this.settings.hasArrived && (type !== frameType.settings || flags & flag.ack)) {
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
        this.settings.onFrame(flags, bytes, start, end);
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
        this.#core.meters.expect("ignored", "frames of unknown types");
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
      this.#core.ends.reject(id, errorCode.refusedStream);
      return;
    }
    if (fields.isTooLarge) {
      this.#core.ends.reject(id, errorCode.enhanceYourCalm);
      return;
    }
    if (fields.problem !== undefined || dependsOnItself || (isLast && fields.contentLength > 0)) {
      this.#core.ends.reject(id, errorCode.protocolError);
      return;
    }
    this.#core.openStream(id, fields, isLast);
  }

  #onTrailers(stream: OpenStream, isLast: boolean, fields: HeaderFields): void {
    if (stream.isRemoteClosed) {
      this.#core.ends.fault(stream, errorCode.streamClosed);
    } else if (fields.isTooLarge) {
      this.#core.ends.fault(stream, errorCode.enhanceYourCalm);
    } else if (!isLast || !fields.areTrailers || !isWhole(stream)) {
      this.#core.ends.fault(stream, errorCode.protocolError);
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
      this.#core.meters.expect("emptyData", "empty DATA frames");
    }
    const stream = this.#core.streams.get(id);
    if (stream === undefined) {
      this.#core.window.give(frameBytes);
      this.#expectUsed(id);
      if (!this.#core.streams.wasReset(id)) {
        this.#core.ends.reject(id, errorCode.streamClosed);
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
      this.#core.ends.fault(stream, code);
      return;
    }
    const chunk = bytes.subarray(from, to);
    this.#core.requests.onData(stream, chunk, frameBytes, isLast, this.#core.sender.coarseMs);
  }

  #onReset(id: number, code: number): void {
    this.#expectUsed(id);
    this.#core.meters.expect("resetsReceived", "RST_STREAM frames");
    const stream = this.#core.streams.get(id);
    if (stream !== undefined) {
      this.#core.ends.onLost(stream, code);
    }
  }

  #onWindowUpdate(id: number, bytes: number): void {
    this.#core.meters.expect("windowUpdates", "WINDOW_UPDATE frames");
    if (id === 0) {
      if (bytes === 0) {
        throw protocolError("a WINDOW_UPDATE by 0 bytes");
      }
      this.#core.sender.writer.widen(bytes);
      this.#core.sender.pump();
      return;
    }
    this.#expectUsed(id);
    const stream = this.#core.streams.get(id);
    if (stream !== undefined) {
      if (bytes === 0) {
        this.#core.ends.fault(stream, errorCode.protocolError);
      } else if (!this.#core.sender.writer.widenStream(stream, bytes)) {
        this.#core.ends.fault(stream, errorCode.flowControlError);
      } else if (stream.queue !== undefined) {
        this.#core.sender.pump();
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
    this.#core.meters.expect("pings", "PING frames");
    this.#core.ends.sendUnasked(frame(frameType.ping, flag.ack, 0, payload));
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9113#section-5.3 */
  #onPriority(id: number, bytes: Buffer, start: number, end: number): void {
    this.#core.meters.expect("ignored", "PRIORITY frames");
    const stream = this.#core.streams.get(id);
    const isWrongSize = end - start !== 5;
    if (isWrongSize || (bytes.readUInt32BE(start) & 0x7fffffff) === id) {
      const code = isWrongSize ? errorCode.frameSizeError : errorCode.protocolError;
      if (stream === undefined) {
        throw new ConnectionError(code, "a PRIORITY of the wrong size, or of a stream on itself");
      }
      this.#core.ends.fault(stream, code);
    }
  }

  #expectUsed(id: number): void {
    if (id > this.#core.streams.lastId || id % 2 === 0) {
      throw protocolError(`a frame of stream ${id}, which was never opened`);
    }
  }
}

/** Whether the body has the length of its content-length, or there is none. */
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
