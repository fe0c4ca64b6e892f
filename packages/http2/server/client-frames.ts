import { ConnectionError, errorCode, protocolError } from "../errors.ts";
import type { ReceiveWindow } from "../flow-control.ts";
import type { FrameHandler, Setting } from "../frame-dispatcher.ts";
import { flag, frame, frameType, setting, settingsAck } from "../frames.ts";
import { defaultTableBytes } from "../hpack-table.ts";
import type { StreamTable } from "../stream-table.ts";
import type { Meters } from "./meter.ts";
import type { ConnectionLimits } from "./options.ts";
import type { HeaderFields } from "./request-fields.ts";
import type { Requests } from "./requests.ts";
import type { Sender } from "./sender.ts";
import type { OpenStream } from "./stream.ts";
import type { StreamEnds } from "./stream-ends.ts";

/** Data of the PING between the two steps of a graceful shutdown. */
export const shutdownPing = Buffer.from("shutdown", "latin1");

/** The connection, as far as the client's frames concern it. */
export interface ConnectionOfFrames {
  readonly limits: ConnectionLimits;
  readonly streams: StreamTable<OpenStream>;
  readonly sender: Sender;
  readonly window: ReceiveWindow;
  readonly requests: Requests;
  readonly ends: StreamEnds;
  readonly meters: Meters;
  readonly isClosed: boolean;
  /** Whether new streams are refused because the last GOAWAY has been sent. */
  readonly isFinal: boolean;
  openStream(id: number, fields: HeaderFields, isLast: boolean): void;
  onGoAway(): void;
  /** The client has read the announcement of the shutdown. */
  finishShutdown(): void;
}

/**
 * Checks each frame of the client against the state of its stream, and does what it asks for.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6
 */
export class ClientFrames implements FrameHandler<HeaderFields> {
  /** Whether the client has acknowledged our settings. */
  isAcknowledged = false;
  readonly #connection: ConnectionOfFrames;
  #clientTableBytes = defaultTableBytes;

  constructor(connection: ConnectionOfFrames) {
    this.#connection = connection;
  }

  get isClosed(): boolean {
    return this.#connection.isClosed;
  }

  onFields(id: number, isLast: boolean, fields: HeaderFields, dependsOnItself: boolean): void {
    const open = this.#connection.streams.get(id);
    if (open !== undefined) {
      this.#onTrailers(open, isLast, fields);
      return;
    }
    if (id <= this.#connection.streams.lastId) {
      this.#onLateFields(id);
      return;
    }
    if (id % 2 === 0) {
      throw protocolError(`HEADERS of stream ${id}, which a client cannot open`);
    }
    this.#connection.streams.use(id);
    if (
      this.#connection.isFinal ||
      this.#connection.streams.size >= this.#connection.limits.maxConcurrentStreams
    ) {
      this.#connection.ends.reject(id, errorCode.refusedStream);
      return;
    }
    if (fields.isTooLarge) {
      this.#connection.ends.reject(id, errorCode.enhanceYourCalm);
      return;
    }
    if (fields.problem !== undefined || dependsOnItself || (isLast && fields.contentLength > 0)) {
      this.#connection.ends.reject(id, errorCode.protocolError);
      return;
    }
    this.#connection.openStream(id, fields, isLast);
  }

  #onTrailers(stream: OpenStream, isLast: boolean, fields: HeaderFields): void {
    if (stream.isRemoteClosed) {
      this.#connection.ends.fault(stream, errorCode.streamClosed);
    } else if (fields.isTooLarge) {
      this.#connection.ends.fault(stream, errorCode.enhanceYourCalm);
    } else if (!isLast || !fields.areTrailers || !isWhole(stream)) {
      this.#connection.ends.fault(stream, errorCode.protocolError);
    } else {
      this.#connection.requests.onEnd(stream, undefined, fields);
    }
  }

  /** HEADERS of a stream that is closed, which the client may have sent before it knew that. */
  #onLateFields(id: number): void {
    if (this.#connection.streams.wasReset(id)) {
      return;
    }
    if (id % 2 === 0 || this.#connection.streams.wasSkipped(id)) {
      throw protocolError(`HEADERS of stream ${id} after later ones`);
    }
    throw new ConnectionError(errorCode.streamClosed, `HEADERS of stream ${id}, which is closed`);
  }

  onData(id: number, chunk: Buffer, frameBytes: number, isLast: boolean): void {
    this.#connection.window.use(frameBytes);
    if (chunk.length === 0 && !isLast) {
      this.#connection.meters.expect("emptyData", "empty DATA frames");
    }
    const stream = this.#connection.streams.get(id);
    if (stream === undefined) {
      this.#connection.window.give(frameBytes);
      this.#expectUsed(id);
      if (!this.#connection.streams.wasReset(id)) {
        this.#connection.ends.reject(id, errorCode.streamClosed);
      }
      return;
    }
    let code: number = errorCode.noError;
    if (stream.isRemoteClosed) {
      code = errorCode.streamClosed;
    } else if (!this.#connection.window.useStream(stream, frameBytes)) {
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
      this.#connection.window.give(frameBytes);
      this.#connection.ends.fault(stream, code);
      return;
    }
    this.#connection.requests.onData(
      stream,
      chunk,
      frameBytes,
      isLast,
      this.#connection.sender.coarseMs,
    );
  }

  onReset(id: number, code: number): void {
    this.#expectUsed(id);
    this.#connection.meters.expect("resetsReceived", "RST_STREAM frames");
    const stream = this.#connection.streams.get(id);
    if (stream !== undefined) {
      this.#connection.ends.onLost(stream, code);
    }
  }

  onWindowUpdate(id: number, bytes: number): void {
    this.#connection.meters.expect("windowUpdates", "WINDOW_UPDATE frames");
    const { sender } = this.#connection;
    if (id === 0) {
      if (bytes === 0) {
        throw protocolError("a WINDOW_UPDATE by 0 bytes");
      }
      sender.writer.window.widen(bytes);
      sender.pump();
      return;
    }
    this.#expectUsed(id);
    const stream = this.#connection.streams.get(id);
    if (stream !== undefined) {
      if (bytes === 0) {
        this.#connection.ends.fault(stream, errorCode.protocolError);
      } else if (!sender.writer.window.widenStream(stream, bytes)) {
        this.#connection.ends.fault(stream, errorCode.flowControlError);
      } else if (stream.queue !== undefined) {
        sender.pump();
      }
    }
  }

  onSettings(settings: readonly Setting[]): void {
    this.#connection.meters.expect("settings", "SETTINGS frames");
    const { sender, streams } = this.#connection;
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
    this.#connection.ends.sendUnasked(settingsAck);
  }

  onSettingsAck(): void {
    this.isAcknowledged = true;
  }

  onPing(payload: Buffer, isAck: boolean): void {
    if (isAck) {
      if (payload.equals(shutdownPing)) {
        this.#connection.finishShutdown();
      }
      return;
    }
    this.#connection.meters.expect("pings", "PING frames");
    this.#connection.ends.sendUnasked(frame(frameType.ping, flag.ack, 0, payload));
  }

  onGoAway(): void {
    this.#connection.onGoAway();
  }

  onPriority(id: number, code: number): void {
    this.#connection.meters.expect("ignored", "PRIORITY frames");
    if (code !== errorCode.noError) {
      const stream = this.#connection.streams.get(id);
      if (stream === undefined) {
        throw new ConnectionError(code, "a PRIORITY of the wrong size, or of a stream on itself");
      }
      this.#connection.ends.fault(stream, code);
    }
  }

  onUnknown(): void {
    this.#connection.meters.expect("ignored", "frames of unknown types");
  }

  #expectUsed(id: number): void {
    if (id > this.#connection.streams.lastId || id % 2 === 0) {
      throw protocolError(`a frame of stream ${id}, which was never opened`);
    }
  }
}

/** Whether the body has the length of its content-length, or there is none. */
function isWhole({ fields, receivedBytes }: OpenStream): boolean {
  return fields.contentLength === -1 || fields.contentLength === receivedBytes;
}
