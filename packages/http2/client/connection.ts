import type { Socket } from "node:net";
import { BodyWriter, Outbox } from "./body-writer.ts";
import type { TransportFailure } from "./exchange.ts";
import { FrameReader, HeaderBlocks } from "./frame-reader.ts";
import {
  defaultWindowBytes,
  type ErrorCode,
  errorCodeName,
  failureOfReset,
  flag,
  frame,
  frameType,
  goAwayFrame,
  Http2Error,
  lastStreamId,
  preface,
  receiveWindowBytes,
  resetStreamFrame,
  serverSent,
  setting,
  settingsFrame,
  windowUpdateFrame,
  withoutPadding,
} from "./frames.ts";
import type { FieldList } from "./hpack-decoder.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import type { Http2Stream, StreamOwner } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

/** Received bytes after which a WINDOW_UPDATE is sent. */
const windowUpdateBytes = Math.floor(receiveWindowBytes / 2);
/** Limit of PING and SETTINGS frames whose acknowledgements the server does not read. */
const maxUnreadAcks = 10_000;

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
export class Http2Connection implements StreamOwner {
  readonly #socket: Socket;
  readonly #number: number;
  readonly #events: ConnectionEvents;
  readonly #streams = new StreamTable();
  readonly #outbox: Outbox;
  readonly #bodies: BodyWriter;
  readonly #encoder = new HpackEncoder();
  readonly #blocks = new HeaderBlocks((streamId, flags, fields) =>
    this.#onFields(streamId, flags, fields),
  );
  readonly #reader = new FrameReader((type, flags, streamId, payload) =>
    this.#onFrame(type, flags, streamId, payload),
  );
  #nextId = 1;
  #isReady = false;
  #hasResponse = false;
  #isRetired = false;
  #isClosed = false;
  #maxStreams = Number.POSITIVE_INFINITY;
  #receivedBytes = 0;
  #unreadAcks = 0;

  /**
   * @param socket must be connected
   * @param number reported by the streams as their connection
   */
  constructor(socket: Socket, number: number, events: ConnectionEvents) {
    this.#socket = socket;
    this.#number = number;
    this.#events = events;
    this.#outbox = new Outbox(socket);
    this.#bodies = new BodyWriter(this.#outbox);
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      this.#close({
        code: "unavailable",
        message: `The connection was lost: ${error.message}`,
      }),
    );
    const onEnd = () =>
      this.#close({ code: "unavailable", message: "The server closed the connection" });
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    this.#outbox.append(preface);
    this.#outbox.append(
      settingsFrame([
        [setting.enablePush, 0],
        [setting.initialWindowSize, receiveWindowBytes],
      ]),
    );
    this.#outbox.append(windowUpdateFrame(0, receiveWindowBytes - defaultWindowBytes));
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
    if (this.#bodies.begin(stream)) {
      this.#outbox.append(request.frames(this.#encoder, this.#number, id));
    } else {
      this.#outbox.append(request.headers(this.#encoder, id));
      this.#bodies.write(stream);
    }
    if (this.#nextId > lastStreamId) {
      this.#retire();
    }
  }

  cancel(stream: Http2Stream): void {
    if (this.#streams.has(stream.id)) {
      this.#reset(stream, "CANCEL");
    }
  }

  /** Closes the connection; requests in progress fail as canceled. */
  close(message: string): void {
    this.#goAway("NO_ERROR", { code: "canceled", message });
  }

  #onData(chunk: Buffer): void {
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof Http2Error)) {
        throw error;
      }
      this.#goAway(error.code, { code: "internal", message: error.message });
    }
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#isClosed) {
      return;
    }
    this.#blocks.expectFrame(type, streamId);
    switch (type) {
      case frameType.data:
        this.#onDataFrame(flags, streamId, payload);
        break;
      case frameType.headers:
        this.#blocks.onHeaders(flags, streamId, payload);
        break;
      case frameType.continuation:
        this.#blocks.onContinuation(flags, payload);
        break;
      case frameType.resetStream:
        this.#onReset(streamId, payload);
        break;
      case frameType.settings:
        this.#onSettings(flags, payload);
        break;
      case frameType.pushPromise:
        throw serverSent("PROTOCOL_ERROR", "a pushed response, which the client has disabled");
      case frameType.ping:
        if (!(flags & flag.ack)) {
          this.#acknowledge(type, payload);
        }
        break;
      case frameType.goAway:
        this.#onGoAway(payload);
        break;
      case frameType.windowUpdate:
        this.#onWindowUpdate(streamId, payload);
        break;
    }
  }

  #onDataFrame(flags: number, streamId: number, payload: Buffer): void {
    this.#receivedBytes += payload.length;
    if (this.#receivedBytes >= windowUpdateBytes) {
      this.#outbox.append(windowUpdateFrame(0, this.#receivedBytes));
      this.#receivedBytes = 0;
    }
    const data = withoutPadding(flags, payload);
    const stream = this.#streamOf(streamId);
    if (stream === undefined) {
      return;
    }
    if (!stream.hasHead) {
      this.#rejectResponse(stream, "the body of a response before its header");
      return;
    }
    stream.receivedBytes += payload.length;
    if (stream.receivedBytes >= windowUpdateBytes && !(flags & flag.endStream)) {
      this.#outbox.append(windowUpdateFrame(streamId, stream.receivedBytes));
      stream.receivedBytes = 0;
    }
    if (data.length > 0) {
      stream.receiver.data(data);
    }
    if (flags & flag.endStream) {
      this.#end(stream);
    }
  }

  #onFields(streamId: number, flags: number, fields: FieldList): void {
    const stream = this.#streamOf(streamId);
    if (stream === undefined) {
      return;
    }
    const isLast = (flags & flag.endStream) !== 0;
    if (stream.hasHead) {
      if (!isLast) {
        this.#rejectResponse(stream, "trailers that do not end the response");
        return;
      }
      stream.receiver.trailers(fields);
    } else {
      const status = Number(fields.get(":status"));
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

  #onReset(streamId: number, payload: Buffer): void {
    const stream = this.#streamOf(streamId);
    if (stream !== undefined) {
      this.#remove(stream);
      stream.fail(failureOfReset(payload.readUInt32BE()));
    }
  }

  #onSettings(flags: number, payload: Buffer): void {
    if (flags & flag.ack) {
      return;
    }
    // Sent before any frame that relies on the new settings.
    this.#acknowledge(frameType.settings, Buffer.alloc(0));
    for (let at = 0; at < payload.length; at += 6) {
      this.#onSetting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
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
          throw serverSent("PROTOCOL_ERROR", "the setting ENABLE_PUSH");
        }
        break;
      case setting.maxConcurrentStreams:
        this.#maxStreams = value;
        break;
      case setting.initialWindowSize:
        this.#bodies.setStreamWindow(value, this.#streams.all());
    }
  }

  #onGoAway(payload: Buffer): void {
    const last = payload.readUInt32BE() & 0x7fffffff;
    const code = errorCodeName(payload.readUInt32BE(4));
    this.#retire();
    for (const stream of this.#streams.all()) {
      if (stream.id > last) {
        this.#remove(stream);
        const message = `The server is going away (${code}) and did not take the request`;
        stream.fail({ code: "unavailable", message });
      }
    }
    this.#closeIfIdle();
  }

  #onWindowUpdate(streamId: number, payload: Buffer): void {
    const bytes = payload.readUInt32BE() & 0x7fffffff;
    if (bytes === 0) {
      throw serverSent("PROTOCOL_ERROR", "a WINDOW_UPDATE by 0 bytes");
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

  /** @param type PING or SETTINGS */
  #acknowledge(type: number, payload: Buffer): void {
    this.#unreadAcks = this.#socket.writableLength === 0 ? 0 : this.#unreadAcks + 1;
    if (this.#unreadAcks > maxUnreadAcks) {
      throw serverSent(
        "ENHANCE_YOUR_CALM",
        `${maxUnreadAcks} frames without reading the acknowledgements`,
      );
    }
    this.#outbox.append(frame(type, flag.ack, 0, payload));
  }

  /** @returns undefined for a stream that is closed on this side */
  #streamOf(streamId: number): Http2Stream | undefined {
    if (streamId % 2 === 0 || streamId >= this.#nextId) {
      throw serverSent("PROTOCOL_ERROR", `a frame of the unopened stream ${streamId}`);
    }
    return this.#streams.get(streamId);
  }

  #end(stream: Http2Stream): void {
    // The receiver may have cancelled in `data` or `trailers`.
    if (this.#streams.has(stream.id)) {
      if (stream.isWritten) {
        this.#remove(stream);
      } else {
        // The response is complete without the rest of the request.
        this.#reset(stream, "NO_ERROR");
      }
      stream.end();
    }
  }

  /** @param what a violation that concerns this stream alone */
  #rejectResponse(stream: Http2Stream, what: string): void {
    const { code, message } = serverSent("PROTOCOL_ERROR", what);
    this.#reset(stream, code);
    stream.fail({ code: "internal", message });
  }

  #reset(stream: Http2Stream, code: ErrorCode): void {
    this.#outbox.append(resetStreamFrame(stream.id, code));
    this.#remove(stream);
  }

  #remove(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.#bodies.drop(stream);
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
      this.#goAway("NO_ERROR", { code: "unavailable", message: "The server is going away" });
    }
  }

  /** Sends GOAWAY and closes. */
  #goAway(code: ErrorCode, failure: TransportFailure): void {
    if (!this.#isClosed) {
      this.#outbox.append(goAwayFrame(code));
      this.#outbox.flush();
      this.#close(failure);
    }
  }

  #close(failure: TransportFailure): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#socket.destroy();
    const streams = this.#streams.all();
    for (const { id } of streams) {
      this.#streams.delete(id);
    }
    this.#bodies.clear();
    this.#retire();
    for (const stream of streams) {
      stream.fail(failure);
    }
    this.#events.onClosed(failure);
  }
}
