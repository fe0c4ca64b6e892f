import type { Duplex } from "node:stream";
import { ConnectionError, errorCode, errorCodeName, protocolError, tooMany } from "../errors.ts";
import { FrameDispatcher, type FrameHandler } from "../frame-dispatcher.ts";
import { FrameParser } from "../frame-parser.ts";
import {
  flag,
  frame,
  frameType,
  goAwayFrame,
  preface,
  setting,
  settingsAck,
  settingsFrame,
} from "../frames.ts";
import { HpackEncoder } from "../hpack-encoder.ts";
import { Outbox } from "../outbox.ts";
import { ReceiveWindow } from "../receive-window.ts";
import type { Setting } from "../settings.ts";
import { StreamTable } from "../stream-table.ts";
import { BodyWriter } from "./body-writer.ts";
import type { TransportFailure } from "./exchange.ts";
import { failureOfError, failureOfReset, failureOfStart } from "./failures.ts";
import { headerLimits, lastStreamId, maxUnreadAcks, receiveWindowBytes } from "./limits.ts";
import { type ResponseFields, responseFieldRules } from "./response-fields.ts";
import type { Http2Stream, StreamOwner } from "./stream.ts";

/** Bytes of a server that does not speak HTTP/2 which are kept for the message. */
const maxStartBytes = 100;
const noPreface = new Uint8Array(0);

export interface ConnectionEvents {
  /** The server's settings have arrived. Called once. */
  onReady(): void;
  /** A stream may be free. */
  onFreeStream(): void;
  /** The connection takes no more requests. Called once, before `onClosed`. */
  onRetired(): void;
  /** The connection is closed and its streams have failed. Called once. */
  onClosed(failure: TransportFailure): void;
}

/**
 * The client's side of one HTTP/2 connection, made for many small requests: everything sent in one
 * turn of the event loop is one write.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113
 */
export class Http2Connection implements StreamOwner, FrameHandler<ResponseFields> {
  isClosed = false;
  readonly #socket: Duplex;
  readonly #number: number;
  readonly #events: ConnectionEvents;
  readonly #streams = new StreamTable<Http2Stream>();
  readonly #outbox: Outbox;
  readonly #window: ReceiveWindow;
  readonly #bodies: BodyWriter;
  readonly #encoder = new HpackEncoder();
  readonly #parser = new FrameParser(
    new FrameDispatcher(this, responseFieldRules, headerLimits),
    noPreface,
  );
  /** What the server sent before its settings. */
  #start = "";
  #nextId = 1;
  #isReady = false;
  #hasResponse = false;
  #isRetired = false;
  #maxStreams = Number.POSITIVE_INFINITY;
  #unreadAcks = 0;

  /**
   * @param socket must be connected
   * @param number reported by the streams as their connection
   */
  constructor(socket: Duplex, number: number, events: ConnectionEvents) {
    this.#socket = socket;
    this.#number = number;
    this.#events = events;
    this.#outbox = new Outbox(socket);
    this.#window = new ReceiveWindow(this.#outbox, receiveWindowBytes, receiveWindowBytes);
    this.#bodies = new BodyWriter(this.#outbox);
    const lose = (message: string) => this.#close({ code: "unavailable", message });
    socket.on("error", ({ message }) => lose(`The connection was lost: ${message}`));
    socket.on("end", () => lose("The server closed the connection"));
    socket.on("close", () => lose("The server closed the connection"));
    this.#outbox.append(preface);
    this.#outbox.append(
      settingsFrame([
        [setting.enablePush, 0],
        [setting.initialWindowSize, receiveWindowBytes],
      ]),
    );
    this.#window.open();
  }

  get isUp(): boolean {
    return this.#isReady && !this.#isRetired;
  }

  /** Whether a request can be written now. */
  get hasFreeStream(): boolean {
    return this.isUp && this.#streams.size < this.#maxStreams;
  }

  /** Whether a response has begun on this connection. */
  get hasResponse(): boolean {
    return this.#hasResponse;
  }

  /** Writes a request; there must be a free stream. */
  open(stream: Http2Stream): void {
    const { request } = stream;
    const id = this.#nextId;
    this.#nextId += 2;
    stream.id = id;
    stream.owner = this;
    stream.connection = this.#number;
    stream.writtenMs = performance.now();
    this.#streams.add(stream);
    const block = request.block(this.#encoder, this.#number);
    this.#outbox.headers(id, block, request.body.length === 0);
    this.#bodies.begin(stream);
    if (this.#nextId > lastStreamId) {
      this.#retire();
    }
  }

  cancel(stream: Http2Stream): void {
    if (this.#isOpen(stream)) {
      this.#reset(stream, errorCode.cancel);
    }
  }

  /** Closes the connection; requests in progress fail as canceled. */
  close(message: string): void {
    this.#goAway(errorCode.noError, { code: "canceled", message });
  }

  /** @param chunk what the socket read; may be used again afterwards */
  receive(chunk: Buffer): void {
    if (!this.#isReady) {
      this.#start += chunk.toString("latin1", 0, maxStartBytes - this.#start.length);
    }
    try {
      this.#parser.push(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) {
        throw error;
      }
      this.#goAway(
        error.code,
        this.#isReady ? failureOfError(error) : failureOfStart(this.#start, error),
      );
    }
  }

  onData(streamId: number, chunk: Buffer, frameBytes: number, isLast: boolean): void {
    this.#window.use(frameBytes);
    const stream = this.#streamOf(streamId);
    if (stream === undefined) {
      this.#window.give(frameBytes);
      return;
    }
    if (!this.#window.useStream(stream, frameBytes)) {
      throw new ConnectionError(errorCode.flowControlError, "DATA beyond the stream's window");
    }
    stream.isRemoteClosed = isLast;
    this.#window.giveStream(stream, frameBytes);
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
      this.#hasResponse = true;
      stream.receiver.head(status, fields);
    }
    if (isLast) {
      this.#end(stream);
    }
  }

  onReset(streamId: number, code: number): void {
    const stream = this.#streamOf(streamId);
    if (stream !== undefined) {
      this.#remove(stream);
      stream.fail(failureOfReset(code));
    }
  }

  onSettings(settings: readonly Setting[]): void {
    // Sent before any frame that relies on the new settings.
    this.#acknowledge(settingsAck);
    for (const { id, value } of settings) {
      this.#onSetting(id, value);
    }
    if (this.#isReady) {
      this.#events.onFreeStream();
    } else {
      this.#isReady = true;
      this.#events.onReady();
    }
  }

  #onSetting(id: number, value: number): void {
    switch (id) {
      case setting.headerTableSize:
        this.#encoder.limitTable(value);
        break;
      case setting.enablePush:
        if (value !== 0) {
          throw protocolError("the setting ENABLE_PUSH");
        }
        break;
      case setting.maxConcurrentStreams:
        this.#maxStreams = value;
        break;
      case setting.initialWindowSize:
        this.#bodies.setStreamWindow(value, this.#streams.all());
    }
  }

  onSettingsAck(): void {}

  onPing(payload: Buffer, isAck: boolean): void {
    if (!isAck) {
      this.#acknowledge(frame(frameType.ping, flag.ack, 0, payload));
    }
  }

  onGoAway(last: number, code: number): void {
    this.#retire();
    for (const stream of this.#streams.all()) {
      if (stream.id > last) {
        this.#remove(stream);
        const message = `The server is going away (${errorCodeName(code)}) and did not take the request`;
        stream.fail({ code: "unavailable", message });
      }
    }
    this.#closeIfIdle();
  }

  onWindowUpdate(streamId: number, bytes: number): void {
    if (bytes === 0) {
      throw protocolError("a WINDOW_UPDATE by 0 bytes");
    }
    if (streamId === 0) {
      this.#bodies.widen(bytes);
      return;
    }
    const stream = this.#streamOf(streamId);
    if (stream !== undefined) {
      this.#bodies.widenStream(stream, bytes);
    }
  }

  onPriority(_streamId: number, code: number): void {
    if (code === errorCode.frameSizeError) {
      throw new ConnectionError(code, "a PRIORITY of the wrong size");
    }
  }

  onUnknown(): void {}

  #acknowledge(ack: Uint8Array): void {
    this.#unreadAcks = this.#socket.writableLength === 0 ? 0 : this.#unreadAcks + 1;
    if (this.#unreadAcks > maxUnreadAcks) {
      throw tooMany("frames whose acknowledgements are not read");
    }
    this.#outbox.append(ack);
  }

  /** @returns undefined for a stream that is closed on this side */
  #streamOf(streamId: number): Http2Stream | undefined {
    if (streamId % 2 === 0 || streamId >= this.#nextId) {
      throw protocolError(`a frame of the unopened stream ${streamId}`);
    }
    return this.#streams.get(streamId);
  }

  #end(stream: Http2Stream): void {
    // The receiver may have cancelled in `data` or `trailers`.
    if (this.#isOpen(stream)) {
      if (stream.isWritten) {
        this.#remove(stream);
      } else {
        // The response is complete without the rest of the request.
        this.#reset(stream, errorCode.noError);
      }
      stream.end();
    }
  }

  /** @param what a violation that concerns this stream alone */
  #rejectResponse(stream: Http2Stream, what: string): void {
    const error = protocolError(what);
    this.#reset(stream, error.code);
    stream.fail(failureOfError(error));
  }

  #reset(stream: Http2Stream, code: number): void {
    this.#outbox.numbers(frameType.resetStream, stream.id, code);
    this.#remove(stream);
  }

  #isOpen(stream: Http2Stream): boolean {
    return this.#streams.get(stream.id) === stream;
  }

  #remove(stream: Http2Stream): void {
    this.#streams.delete(stream);
    if (!stream.isWritten) {
      this.#bodies.drop(stream);
    }
    this.#closeIfIdle();
    this.#events.onFreeStream();
  }

  #retire(): void {
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#events.onRetired();
    }
  }

  #closeIfIdle(): void {
    if (this.#isRetired && this.#streams.size === 0) {
      this.#goAway(errorCode.noError, { code: "unavailable", message: "The server is going away" });
    }
  }

  /** Sends GOAWAY and closes. */
  #goAway(code: number, failure: TransportFailure): void {
    if (!this.isClosed) {
      // The server may not open streams, so 0 is the last.
      this.#outbox.append(goAwayFrame(0, code));
      this.#outbox.flush();
      this.#close(failure);
    }
  }

  #close(failure: TransportFailure): void {
    if (this.isClosed) {
      return;
    }
    this.isClosed = true;
    this.#socket.destroy();
    const streams = this.#streams.all();
    for (const stream of streams) {
      this.#streams.delete(stream);
    }
    this.#bodies.clear();
    this.#retire();
    for (const stream of streams) {
      stream.fail(failure);
    }
    this.#events.onClosed(failure);
  }
}
