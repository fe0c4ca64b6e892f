import type { Socket } from "node:net";
import type { TransportFailure } from "../transport.ts";
import { BodyWriter, Outbox } from "./body-writer.ts";
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

/** The server is told that it may send more when this much has come. */
const topUpBytes = Math.floor(receiveWindowBytes / 2);
/** A server that asks for more answers than that and does not read them is not served any more. */
const mostUnreadAnswers = 10_000;

export interface ConnectionEvents {
  /** The server's settings are here. Once. */
  onReady(): void;
  /** Another stream can perhaps begin. */
  onFreeStream(): void;
  /** It takes no more requests; those on it go on. Once, and before `onClosed`. */
  onRetired(): void;
  /** It is gone, and its streams have failed. Once. */
  onClosed(failure: TransportFailure): void;
}

/**
 * The client's side of one HTTP/2 connection, made for many small requests: what is to be sent in one
 * turn of the loop is written at once.
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
  #hasAnswered = false;
  #isRetired = false;
  #isClosed = false;
  #maxStreams = Number.POSITIVE_INFINITY;
  #receivedBytes = 0;
  #unreadAnswers = 0;

  /**
   * @param socket connected
   * @param number what its streams give as their connection
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

  /** Whether it takes requests. */
  get isUp(): boolean {
    return this.#isReady && !this.#isRetired;
  }

  /** Whether a request can be written now. */
  get hasFreeStream(): boolean {
    return this.isUp && this.#streams.size < this.#maxStreams;
  }

  /** Whether a response has begun, so the server is not one that only closes connections. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Writes a request; only when there is a free stream. */
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

  /** Ends the connection; what is in progress fails as canceled. */
  close(message: string): void {
    this.#leave("NO_ERROR", { code: "canceled", message });
  }

  #onData(chunk: Buffer): void {
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof Http2Error)) {
        throw error;
      }
      this.#leave(error.code, { code: "internal", message: error.message });
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
        throw serverSent("PROTOCOL_ERROR", "a pushed response, which was refused");
      case frameType.ping:
        if (!(flags & flag.ack)) {
          this.#answer(type, payload);
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
    if (this.#receivedBytes >= topUpBytes) {
      this.#outbox.append(windowUpdateFrame(0, this.#receivedBytes));
      this.#receivedBytes = 0;
    }
    const data = withoutPadding(flags, payload);
    const stream = this.#streamOf(streamId);
    if (stream === undefined) {
      return;
    }
    if (!stream.hasHead) {
      this.#refuse(stream, "the body of a response before its header");
      return;
    }
    stream.receivedBytes += payload.length;
    if (stream.receivedBytes >= topUpBytes && !(flags & flag.endStream)) {
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
        this.#refuse(stream, "trailers that are not the end of the response");
        return;
      }
      stream.receiver.trailers(fields);
    } else {
      const status = Number(fields.get(":status"));
      if (!Number.isInteger(status) || status < 100 || (status < 200 && isLast)) {
        this.#refuse(stream, "a response without a status");
        return;
      }
      if (status < 200) {
        return;
      }
      stream.hasHead = true;
      this.#hasAnswered = true;
      stream.receiver.head(status, fields);
    }
    if (isLast) {
      this.#end(stream);
    }
  }

  #onReset(streamId: number, payload: Buffer): void {
    const stream = this.#streamOf(streamId);
    if (stream !== undefined) {
      this.#forget(stream);
      stream.fail(failureOfReset(payload.readUInt32BE()));
    }
  }

  #onSettings(flags: number, payload: Buffer): void {
    if (flags & flag.ack) {
      return;
    }
    // Before anything that makes use of them: for the server they count from here.
    this.#answer(frameType.settings, Buffer.alloc(0));
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
          throw serverSent("PROTOCOL_ERROR", "the setting ENABLE_PUSH, which is the client's");
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
        this.#forget(stream);
        const message = `The server is going away (${code}) and did not take the call`;
        stream.fail({ code: "unavailable", message });
      }
    }
    this.#closeIfDone();
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

  /** Acknowledges a PING or SETTINGS. */
  #answer(type: number, payload: Buffer): void {
    this.#unreadAnswers = this.#socket.writableLength === 0 ? 0 : this.#unreadAnswers + 1;
    if (this.#unreadAnswers > mostUnreadAnswers) {
      throw serverSent("ENHANCE_YOUR_CALM", `${mostUnreadAnswers} frames whose answers it ignores`);
    }
    this.#outbox.append(frame(type, flag.ack, 0, payload));
  }

  /** @returns undefined for a stream that is over on our side */
  #streamOf(streamId: number): Http2Stream | undefined {
    if (streamId % 2 === 0 || streamId >= this.#nextId) {
      throw serverSent("PROTOCOL_ERROR", `a frame of stream ${streamId}, which was never opened`);
    }
    return this.#streams.get(streamId);
  }

  #end(stream: Http2Stream): void {
    // Its receiver may have given it up just now.
    if (this.#streams.has(stream.id)) {
      if (stream.isWritten) {
        this.#forget(stream);
      } else {
        // The response is complete, so the rest of the request is of no use.
        this.#reset(stream, "NO_ERROR");
      }
      stream.end();
    }
  }

  /** @param what what the server sent wrong, which concerns this stream alone */
  #refuse(stream: Http2Stream, what: string): void {
    const { code, message } = serverSent("PROTOCOL_ERROR", what);
    this.#reset(stream, code);
    stream.fail({ code: "internal", message });
  }

  #reset(stream: Http2Stream, code: ErrorCode): void {
    this.#outbox.append(resetStreamFrame(stream.id, code));
    this.#forget(stream);
  }

  #forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.#bodies.drop(stream);
    this.#closeIfDone();
    this.#events.onFreeStream();
  }

  #retire(): void {
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#events.onRetired();
    }
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#streams.size === 0) {
      this.#leave("NO_ERROR", { code: "unavailable", message: "The server is going away" });
    }
  }

  /** Tells the server why, and closes. */
  #leave(code: ErrorCode, failure: TransportFailure): void {
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
