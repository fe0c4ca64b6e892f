import { ConnectionError, errorCode, protocolError } from "../errors.ts";
import type { FrameHandler, Setting } from "../frame-dispatcher.ts";
import { flag, frame, frameType, setting, settingsAck } from "../frames.ts";
import { defaultTableBytes } from "../hpack-table.ts";
import type { ConnectionCore } from "./core.ts";
import type { HeaderFields } from "./request-fields.ts";
import type { OpenStream } from "./stream.ts";

/** Data of the PING between the two steps of a graceful shutdown. */
export const shutdownPing = Buffer.from("shutdown", "latin1");
const noBytes = Buffer.alloc(0);

/**
 * Checks each frame of the client against the state of its stream, and does what it asks for.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6
 */
export class ClientFrames implements FrameHandler<HeaderFields> {
  readonly #core: ConnectionCore;
  #isAcknowledged = false;
  #clientTableBytes = defaultTableBytes;

  constructor(core: ConnectionCore) {
    this.#core = core;
  }

  /** Whether the client has acknowledged our settings. */
  get isAcknowledged(): boolean {
    return this.#isAcknowledged;
  }

  get isClosed(): boolean {
    return this.#core.isClosed;
  }

  onFields(id: number, isLast: boolean, fields: HeaderFields, dependsOnItself: boolean): void {
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

  /** HEADERS of a stream that is closed, which the client may have sent before it knew that. */
  #onLateFields(id: number): void {
    if (this.#core.streams.wasReset(id)) {
      return;
    }
    if (id % 2 === 0 || this.#core.streams.wasSkipped(id)) {
      throw protocolError(`HEADERS of stream ${id} after later ones`);
    }
    throw new ConnectionError(errorCode.streamClosed, `HEADERS of stream ${id}, which is closed`);
  }

  onData(id: number, chunk: Buffer, frameBytes: number, isLast: boolean): void {
    this.#core.window.use(frameBytes);
    if (chunk.length === 0 && !isLast) {
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
      stream.receivedBytes += chunk.length;
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
    this.#core.requests.onData(stream, chunk, frameBytes, isLast, this.#core.sender.coarseMs);
  }

  onReset(id: number, code: number): void {
    this.#expectUsed(id);
    this.#core.meters.expect("resetsReceived", "RST_STREAM frames");
    const stream = this.#core.streams.get(id);
    if (stream !== undefined) {
      this.#core.ends.onLost(stream, code);
    }
  }

  onWindowUpdate(id: number, bytes: number): void {
    this.#core.meters.expect("windowUpdates", "WINDOW_UPDATE frames");
    const { sender } = this.#core;
    if (id === 0) {
      if (bytes === 0) {
        throw protocolError("a WINDOW_UPDATE by 0 bytes");
      }
      sender.writer.window.widen(bytes);
      sender.pump();
      return;
    }
    this.#expectUsed(id);
    const stream = this.#core.streams.get(id);
    if (stream !== undefined) {
      if (bytes === 0) {
        this.#core.ends.fault(stream, errorCode.protocolError);
      } else if (!sender.writer.window.widenStream(stream, bytes)) {
        this.#core.ends.fault(stream, errorCode.flowControlError);
      } else if (stream.queue !== undefined) {
        sender.pump();
      }
    }
  }

  onSettings(settings: readonly Setting[]): void {
    this.#core.meters.expect("settings", "SETTINGS frames");
    const { sender, streams } = this.#core;
    for (const { id, value } of settings) {
      if (id === setting.headerTableSize) {
        if (value < this.#clientTableBytes) {
          sender.writer.emptyTable();
        }
        this.#clientTableBytes = value;
      } else if (id === setting.initialWindowSize) {
        sender.writer.window.setStreamBytes(value, streams.all());
        sender.pump();
      }
    }
    this.#core.ends.sendUnasked(settingsAck);
  }

  onSettingsAck(): void {
    this.#isAcknowledged = true;
  }

  onPing(payload: Buffer, isAck: boolean): void {
    if (isAck) {
      if (payload.equals(shutdownPing)) {
        this.#core.onShutdownPing();
      }
      return;
    }
    this.#core.meters.expect("pings", "PING frames");
    this.#core.ends.sendUnasked(frame(frameType.ping, flag.ack, 0, payload));
  }

  onGoAway(): void {
    this.#core.onGoAway();
  }

  onPriority(id: number, code: number): void {
    this.#core.meters.expect("ignored", "PRIORITY frames");
    if (code !== errorCode.noError) {
      const stream = this.#core.streams.get(id);
      if (stream === undefined) {
        throw new ConnectionError(code, "a PRIORITY of the wrong size, or of a stream on itself");
      }
      this.#core.ends.fault(stream, code);
    }
  }

  onUnknown(): void {
    this.#core.meters.expect("ignored", "frames of unknown types");
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
