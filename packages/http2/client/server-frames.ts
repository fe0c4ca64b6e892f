import { ConnectionError, errorCode, errorCodeName, protocolError, tooMany } from "../errors.ts";
import type { ReceiveWindow } from "../flow-control.ts";
import type { FrameHandler, Setting } from "../frame-dispatcher.ts";
import { flag, frame, frameType, setting, settingsAck } from "../frames.ts";
import {
  type FieldRules,
  joinedValue,
  type ReceivedField,
  staticFieldsOf,
} from "../hpack-decoder.ts";
import type { HpackEncoder } from "../hpack-encoder.ts";
import type { Outbox } from "../outbox.ts";
import type { StreamTable } from "../stream-table.ts";
import type { BodyWriter } from "./body-writer.ts";
import type { Fields } from "./exchange.ts";
import { failureOfReset, failureOfViolation } from "./failures.ts";
import { maxUnreadAcks } from "./limits.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * Header fields or trailers of one response. Responses whose header blocks are equal byte for byte
 * share one object as long as the HPACK table stays as it is.
 */
export class ResponseFields implements Fields {
  readonly #list: readonly ReceivedField[];
  readonly isTooLarge: boolean;
  /** NaN if there is no `:status`, or none that is a number. */
  readonly status: number;

  constructor(list: readonly ReceivedField[], isTooLarge: boolean) {
    this.#list = list;
    this.isTooLarge = isTooLarge;
    this.status = Number(joinedValue(list, ":status"));
  }

  get(name: string): string | null {
    return joinedValue(this.#list, name) ?? null;
  }
}

/** Servers are taken as they are: of the fields only `:status` matters to the connection. */
const kindOf = () => 0;

export const responseFieldRules: FieldRules<ResponseFields> = {
  kindOf,
  staticFields: staticFieldsOf(kindOf),
  createFields: (list, isTooLarge) => new ResponseFields(list, isTooLarge),
};

/** The connection, as far as the server's frames concern it. */
export interface ConnectionOfFrames {
  readonly streams: StreamTable<Http2Stream>;
  readonly outbox: Outbox;
  readonly window: ReceiveWindow;
  readonly bodies: BodyWriter;
  readonly encoder: HpackEncoder;
  /** Number of the next stream. */
  readonly nextId: number;
  /** Whether the socket has taken all that was sent. */
  readonly isAllSent: boolean;
  readonly isClosed: boolean;
  /** Streams that the server allows at once. */
  maxStreams: number;
  /** Whether a response has begun. */
  hasResponse: boolean;
  isOpen(stream: Http2Stream): boolean;
  reset(stream: Http2Stream, code: number): void;
  /** The stream has ended. */
  remove(stream: Http2Stream): void;
  onSettings(): void;
  /** No more requests are to be sent. */
  retire(): void;
  closeIfIdle(): void;
}

/**
 * Checks each frame of the server against the state of its stream, and does what it asks for.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-6
 */
export class ServerFrames implements FrameHandler<ResponseFields> {
  readonly #connection: ConnectionOfFrames;
  #unreadAcks = 0;

  constructor(connection: ConnectionOfFrames) {
    this.#connection = connection;
  }

  get isClosed(): boolean {
    return this.#connection.isClosed;
  }

  onData(streamId: number, chunk: Buffer, frameBytes: number, isLast: boolean): void {
    this.#connection.window.use(frameBytes);
    const stream = this.#streamOf(streamId);
    if (stream === undefined) {
      this.#connection.window.give(frameBytes);
      return;
    }
    if (!this.#connection.window.useStream(stream, frameBytes)) {
      throw new ConnectionError(errorCode.flowControlError, "DATA beyond the stream's window");
    }
    stream.isRemoteClosed = isLast;
    this.#connection.window.giveStream(stream, frameBytes);
    if (!stream.hasHead) {
      this.#rejectResponse(stream, "the body of a response before its header");
      return;
    }
    if (chunk.length > 0) {
      stream.receiver.data(chunk);
    }
    if (isLast) {
      this.#end(stream);
    }
  }

  onFields(streamId: number, isLast: boolean, fields: ResponseFields): void {
    const stream = this.#streamOf(streamId);
    if (stream === undefined) {
      return;
    }
    if (fields.isTooLarge) {
      this.#rejectResponse(stream, "more header fields than the client reads");
      return;
    }
    if (stream.hasHead) {
      if (!isLast) {
        this.#rejectResponse(stream, "trailers that do not end the response");
        return;
      }
      stream.receiver.trailers(fields);
    } else {
      const { status } = fields;
      if (!Number.isInteger(status) || status < 100 || (status < 200 && isLast)) {
        this.#rejectResponse(stream, "a response without a status");
        return;
      }
      if (status < 200) {
        return;
      }
      stream.hasHead = true;
      this.#connection.hasResponse = true;
      stream.receiver.head(status, fields);
    }
    if (isLast) {
      this.#end(stream);
    }
  }

  onReset(streamId: number, code: number): void {
    const stream = this.#streamOf(streamId);
    if (stream !== undefined) {
      this.#connection.remove(stream);
      stream.fail(failureOfReset(code));
    }
  }

  onSettings(settings: readonly Setting[]): void {
    // Sent before any frame that relies on the new settings.
    this.#acknowledge(settingsAck);
    for (const { id, value } of settings) {
      this.#onSetting(id, value);
    }
    this.#connection.onSettings();
  }

  #onSetting(id: number, value: number): void {
    switch (id) {
      case setting.headerTableSize:
        this.#connection.encoder.limitTable(value);
        break;
      case setting.enablePush:
        if (value !== 0) {
          throw protocolError("the setting ENABLE_PUSH");
        }
        break;
      case setting.maxConcurrentStreams:
        this.#connection.maxStreams = value;
        break;
      case setting.initialWindowSize:
        this.#connection.bodies.setStreamWindow(value, this.#connection.streams.all());
    }
  }

  onSettingsAck(): void {}

  onPing(payload: Buffer, isAck: boolean): void {
    if (!isAck) {
      this.#acknowledge(frame(frameType.ping, flag.ack, 0, payload));
    }
  }

  onGoAway(last: number, code: number): void {
    this.#connection.retire();
    for (const stream of this.#connection.streams.all()) {
      if (stream.id > last) {
        this.#connection.remove(stream);
        const message = `The server is going away (${errorCodeName(code)}) and did not take the request`;
        stream.fail({ code: "unavailable", message });
      }
    }
    this.#connection.closeIfIdle();
  }

  onWindowUpdate(streamId: number, bytes: number): void {
    if (bytes === 0) {
      throw protocolError("a WINDOW_UPDATE by 0 bytes");
    }
    if (streamId === 0) {
      this.#connection.bodies.widen(bytes);
      return;
    }
    const stream = this.#streamOf(streamId);
    if (stream !== undefined) {
      this.#connection.bodies.widenStream(stream, bytes);
    }
  }

  onPriority(_streamId: number, code: number): void {
    if (code === errorCode.frameSizeError) {
      throw new ConnectionError(code, "a PRIORITY of the wrong size");
    }
  }

  onUnknown(): void {}

  #acknowledge(ack: Uint8Array): void {
    this.#unreadAcks = this.#connection.isAllSent ? 0 : this.#unreadAcks + 1;
    if (this.#unreadAcks > maxUnreadAcks) {
      throw tooMany("frames whose acknowledgements are not read");
    }
    this.#connection.outbox.append(ack);
  }

  /** @returns undefined for a stream that is closed on this side */
  #streamOf(streamId: number): Http2Stream | undefined {
    if (streamId % 2 === 0 || streamId >= this.#connection.nextId) {
      throw protocolError(`a frame of the unopened stream ${streamId}`);
    }
    return this.#connection.streams.get(streamId);
  }

  #end(stream: Http2Stream): void {
    // The receiver may have cancelled in `data` or `trailers`.
    if (this.#connection.isOpen(stream)) {
      if (stream.isWritten) {
        this.#connection.remove(stream);
      } else {
        // The response is complete without the rest of the request.
        this.#connection.reset(stream, errorCode.noError);
      }
      stream.end();
    }
  }

  /** @param what a violation that concerns this stream alone */
  #rejectResponse(stream: Http2Stream, what: string): void {
    this.#connection.reset(stream, errorCode.protocolError);
    stream.fail(failureOfViolation(what));
  }
}
