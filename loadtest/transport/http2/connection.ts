import type { Socket } from "node:net";
import type { TransportFailure } from "../transport.ts";
import { errorCodeName, errorCodes, Http2Error } from "./errors.ts";
import { FrameReader } from "./frame-reader.ts";
import {
  defaultFrameBytes,
  defaultWindowBytes,
  flag,
  frame,
  frameType,
  largestWindowBytes,
  lastStreamId,
  numberFrame,
  preface,
  setting,
  settingsFrame,
} from "./frames.ts";
import { HpackDecoder } from "./hpack-decoder.ts";
import { HpackEncoder } from "./hpack-encoder.ts";
import { fitsOneFrame } from "./prepared.ts";
import type { Http2Stream, StreamOwner } from "./stream.ts";

/** No response has this much in its header block, encoded. */
const mostHeaderBytes = 256 * 1_024;
/** The server is told that it may send more when this much has come. */
const topUpBytes = 2 ** 29;

export interface ConnectionEvents {
  /** The server's settings are here. */
  onReady(): void;
  /** A stream has ended, so another can begin. */
  onFreeStream(): void;
  /** It takes no more requests; those on it go on. Once, also before `onClosed`. */
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
  readonly #slot: number;
  readonly #events: ConnectionEvents;
  readonly #streams = new Map<number, Http2Stream>();
  /** Streams whose body waits for the server to take more. */
  readonly #bodies = new Set<Http2Stream>();
  readonly #encoder = new HpackEncoder();
  readonly #decoder = new HpackDecoder();
  readonly #reader = new FrameReader((type, flags, streamId, payload) =>
    this.#onFrame(type, flags, streamId, payload),
  );
  #out: Buffer[] = [];
  #nextId = 1;
  #isReady = false;
  #isRetired = false;
  #isClosed = false;
  #maxStreams = Number.POSITIVE_INFINITY;
  #sendWindow = defaultWindowBytes;
  #streamWindow = defaultWindowBytes;
  #receivedBytes = 0;
  /** A header block that is not complete, and the flags of the frame that it began with. */
  #block:
    | { readonly streamId: number; readonly flags: number; parts: Buffer[]; bytes: number }
    | undefined;

  /** @param socket connected */
  constructor(socket: Socket, slot: number, events: ConnectionEvents) {
    this.#socket = socket;
    this.#slot = slot;
    this.#events = events;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) =>
      this.#close({
        code: "unavailable",
        message: `The connection was lost (${error.code ?? error.message})`,
      }),
    );
    socket.on("close", () =>
      this.#close({ code: "unavailable", message: "The server closed the connection" }),
    );
    this.#write(preface);
    this.#write(
      settingsFrame([
        [setting.enablePush, 0],
        [setting.initialWindowSize, largestWindowBytes],
      ]),
    );
    this.#write(numberFrame(frameType.windowUpdate, 0, largestWindowBytes - defaultWindowBytes));
  }

  /** Whether a request can be sent now. */
  get hasFreeStream(): boolean {
    return this.#isReady && !this.#isRetired && this.#streams.size < this.#maxStreams;
  }

  get isReady(): boolean {
    return this.#isReady && !this.#isRetired;
  }

  open(stream: Http2Stream): void {
    const { request } = stream;
    const { body } = request;
    const id = this.#nextId;
    this.#nextId += 2;
    stream.id = id;
    stream.owner = this;
    stream.connection = this.#slot;
    stream.writtenMs = performance.now();
    stream.sendWindow = this.#streamWindow;
    this.#streams.set(id, stream);
    const window = Math.min(this.#sendWindow, stream.sendWindow);
    if (fitsOneFrame(body) && body.length <= window) {
      stream.writtenBytes = body.length;
      stream.sendWindow -= body.length;
      this.#sendWindow -= body.length;
      this.#write(request.frames(this.#encoder, id));
    } else {
      this.#write(request.headers(this.#encoder, id));
      this.#bodies.add(stream);
      this.#writeBody(stream);
    }
    if (this.#nextId > lastStreamId) {
      this.#retire();
    }
  }

  /** Gives a stream up; the server is told, and its receiver is not. */
  cancel(stream: Http2Stream): void {
    if (this.#streams.has(stream.id)) {
      this.#resetStream(stream);
      this.#forget(stream);
    }
  }

  /** Ends the connection; what is in progress fails. */
  close(): void {
    if (!this.#isClosed) {
      this.#write(numberFrame(frameType.goAway, 0, 0, errorCodes.indexOf("NO_ERROR")));
      this.#flush();
      this.#close({ code: "canceled", message: "The client closed the connection" });
    }
  }

  #onData(chunk: Buffer): void {
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (!(error instanceof Http2Error)) {
        throw error;
      }
      this.#write(numberFrame(frameType.goAway, 0, 0, errorCodes.indexOf(error.code)));
      this.#flush();
      this.#close({
        code: "internal",
        message: `The server does not keep to HTTP/2: it sent ${error.message}`,
      });
    }
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#isClosed) {
      return;
    }
    if (this.#block && (type !== frameType.continuation || streamId !== this.#block.streamId)) {
      throw new Http2Error("PROTOCOL_ERROR", "another frame within a header block");
    }
    switch (type) {
      case frameType.data:
        this.#onDataFrame(flags, streamId, payload);
        break;
      case frameType.headers:
        this.#onHeaders(flags, streamId, payload);
        break;
      case frameType.continuation:
        this.#onContinuation(flags, payload);
        break;
      case frameType.resetStream:
        this.#onReset(streamId, payload);
        break;
      case frameType.settings:
        this.#onSettings(flags, payload);
        break;
      case frameType.pushPromise:
        throw new Http2Error("PROTOCOL_ERROR", "a pushed response, which was refused");
      case frameType.ping:
        expectLength("PING", payload, 8);
        if (!(flags & flag.ack)) {
          this.#write(frame(frameType.ping, flag.ack, 0, payload));
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
      this.#write(numberFrame(frameType.windowUpdate, 0, this.#receivedBytes));
      this.#receivedBytes = 0;
    }
    const stream = this.#streamOf(streamId);
    if (stream === undefined) {
      return;
    }
    if (!stream.hasHead) {
      throw new Http2Error("PROTOCOL_ERROR", "a response's body before its headers");
    }
    stream.receivedBytes += payload.length;
    if (stream.receivedBytes >= topUpBytes && !(flags & flag.endStream)) {
      this.#write(numberFrame(frameType.windowUpdate, streamId, stream.receivedBytes));
      stream.receivedBytes = 0;
    }
    const data = withoutPadding(flags, payload);
    if (data.length > 0) {
      stream.receiver.data(data);
    }
    if (flags & flag.endStream) {
      this.#end(stream);
    }
  }

  #onHeaders(flags: number, streamId: number, payload: Buffer): void {
    let fragment = withoutPadding(flags, payload);
    if (flags & flag.priority) {
      fragment = fragment.subarray(5);
    }
    if (flags & flag.endHeaders) {
      this.#onBlock(streamId, flags, fragment);
    } else {
      // The chunk that it is a view of does not change, so the view can be kept.
      this.#block = { streamId, flags, parts: [fragment], bytes: fragment.length };
    }
  }

  #onContinuation(flags: number, payload: Buffer): void {
    const block = this.#block;
    if (block === undefined) {
      throw new Http2Error("PROTOCOL_ERROR", "the continuation of no header block");
    }
    block.parts.push(payload);
    // Empty frames count too, or they could go on for ever.
    block.bytes += payload.length + 32;
    if (block.bytes > mostHeaderBytes) {
      throw new Http2Error("ENHANCE_YOUR_CALM", "a header block of more than 256 kB");
    }
    if (flags & flag.endHeaders) {
      this.#block = undefined;
      this.#onBlock(block.streamId, block.flags, Buffer.concat(block.parts));
    }
  }

  #onBlock(streamId: number, flags: number, block: Buffer): void {
    // Also a block that nobody waits for changes the decoder's table.
    const fields = this.#decoder.decode(block);
    const stream = this.#streamOf(streamId);
    if (stream === undefined) {
      return;
    }
    if (stream.hasHead) {
      stream.receiver.trailers(fields);
    } else {
      const status = Number(fields.get(":status"));
      if (!Number.isInteger(status) || status < 100) {
        throw new Http2Error("PROTOCOL_ERROR", "a response without a status");
      }
      if (status < 200) {
        return;
      }
      stream.hasHead = true;
      stream.receiver.head(status, fields);
    }
    if (flags & flag.endStream) {
      this.#end(stream);
    }
  }

  #onReset(streamId: number, payload: Buffer): void {
    expectLength("RST_STREAM", payload, 4);
    const stream = this.#streamOf(streamId);
    if (stream) {
      const code = errorCodeName(payload.readUInt32BE());
      this.#forget(stream);
      stream.receiver.fail({ code: codeOf(code), message: `The server reset the call: ${code}` });
      this.#events.onFreeStream();
    }
  }

  #onSettings(flags: number, payload: Buffer): void {
    if (flags & flag.ack) {
      return;
    }
    if (payload.length % 6 !== 0) {
      throw new Http2Error("FRAME_SIZE_ERROR", `settings of ${payload.length} bytes`);
    }
    for (let at = 0; at < payload.length; at += 6) {
      this.#onSetting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    }
    this.#write(frame(frameType.settings, flag.ack, 0, Buffer.alloc(0)));
    if (this.#isReady) {
      this.#writeBodies();
      this.#events.onFreeStream();
    } else {
      this.#isReady = true;
      this.#events.onReady();
    }
  }

  #onSetting(id: number, value: number): void {
    if (id === setting.headerTableSize) {
      this.#encoder.limitTable(value);
    } else if (id === setting.maxConcurrentStreams) {
      this.#maxStreams = value;
    } else if (id === setting.initialWindowSize) {
      if (value > largestWindowBytes) {
        throw new Http2Error("FLOW_CONTROL_ERROR", `a window of ${value} bytes`);
      }
      const change = value - this.#streamWindow;
      this.#streamWindow = value;
      for (const stream of this.#streams.values()) {
        stream.sendWindow += change;
      }
    }
  }

  #onGoAway(payload: Buffer): void {
    if (payload.length < 8) {
      throw new Http2Error("FRAME_SIZE_ERROR", `a GOAWAY of ${payload.length} bytes`);
    }
    const last = payload.readUInt32BE() & 0x7fffffff;
    const code = errorCodeName(payload.readUInt32BE(4));
    this.#retire();
    for (const stream of [...this.#streams.values()]) {
      if (stream.id > last) {
        this.#forget(stream);
        const message = `The server is going away (${code}) and did not take the call`;
        stream.receiver.fail({ code: "unavailable", message });
      }
    }
    this.#closeIfDone();
  }

  #onWindowUpdate(streamId: number, payload: Buffer): void {
    expectLength("WINDOW_UPDATE", payload, 4);
    const more = payload.readUInt32BE() & 0x7fffffff;
    const stream = this.#streams.get(streamId);
    if (streamId === 0) {
      this.#sendWindow += more;
      if (this.#sendWindow > largestWindowBytes) {
        throw new Http2Error("FLOW_CONTROL_ERROR", "a window of more than 2 GB");
      }
    } else if (stream) {
      stream.sendWindow += more;
    }
    this.#writeBodies();
  }

  #writeBodies(): void {
    for (const stream of this.#bodies) {
      this.#writeBody(stream);
    }
  }

  #writeBody(stream: Http2Stream): void {
    const { body } = stream.request;
    while (stream.writtenBytes < body.length) {
      const window = Math.min(this.#sendWindow, stream.sendWindow, defaultFrameBytes);
      if (window <= 0) {
        return;
      }
      const part = body.subarray(stream.writtenBytes, stream.writtenBytes + window);
      stream.writtenBytes += part.length;
      stream.sendWindow -= part.length;
      this.#sendWindow -= part.length;
      const isLast = stream.writtenBytes === body.length;
      this.#write(frame(frameType.data, isLast ? flag.endStream : 0, stream.id, part));
    }
    this.#bodies.delete(stream);
  }

  #streamOf(streamId: number): Http2Stream | undefined {
    if (streamId % 2 === 0 || streamId >= this.#nextId) {
      throw new Http2Error(
        "PROTOCOL_ERROR",
        `a frame of stream ${streamId}, which was never opened`,
      );
    }
    return this.#streams.get(streamId);
  }

  #end(stream: Http2Stream): void {
    // A response that is complete before the request is makes the rest of it needless.
    if (stream.writtenBytes < stream.request.body.length) {
      this.#resetStream(stream);
    }
    this.#forget(stream);
    stream.receiver.end();
    this.#events.onFreeStream();
  }

  #resetStream(stream: Http2Stream): void {
    this.#write(numberFrame(frameType.resetStream, stream.id, errorCodes.indexOf("CANCEL")));
  }

  #forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id);
    this.#bodies.delete(stream);
    this.#closeIfDone();
  }

  #retire(): void {
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#events.onRetired();
    }
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#streams.size === 0) {
      this.#close({ code: "unavailable", message: "The server went away" });
    }
  }

  #close(failure: TransportFailure): void {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#socket.destroy();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    this.#bodies.clear();
    this.#retire();
    for (const stream of streams) {
      stream.receiver.fail(failure);
    }
    this.#events.onClosed(failure);
  }

  #write(bytes: Buffer): void {
    if (this.#isClosed) {
      return;
    }
    if (this.#out.length === 0) {
      // After all that this turn of the loop still has to send.
      process.nextTick(() => this.#flush());
    }
    this.#out.push(bytes);
  }

  #flush(): void {
    const [only] = this.#out;
    if (only !== undefined && !this.#socket.destroyed) {
      this.#socket.write(this.#out.length === 1 ? only : Buffer.concat(this.#out));
    }
    this.#out = [];
  }
}

function withoutPadding(flags: number, payload: Buffer): Buffer {
  if (!(flags & flag.padded)) {
    return payload;
  }
  const padding = payload[0] ?? 0;
  if (padding >= payload.length) {
    throw new Http2Error("PROTOCOL_ERROR", "more padding than there is frame");
  }
  return payload.subarray(1, payload.length - padding);
}

function expectLength(name: string, payload: Buffer, length: number): void {
  if (payload.length !== length) {
    throw new Http2Error("FRAME_SIZE_ERROR", `a ${name} of ${payload.length} bytes`);
  }
}

/** @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors */
function codeOf(errorCode: string): TransportFailure["code"] {
  switch (errorCode) {
    case "REFUSED_STREAM":
      return "unavailable";
    case "CANCEL":
      return "canceled";
    case "ENHANCE_YOUR_CALM":
      return "resource_exhausted";
    default:
      return "internal";
  }
}
