import type { Duplex } from "node:stream";
import { ConnectionError, errorCode } from "../errors.ts";
import { ReceiveWindow } from "../flow-control.ts";
import { FrameDispatcher } from "../frame-dispatcher.ts";
import { FrameParser } from "../frame-parser.ts";
import { frameType, goAwayFrame, preface, setting, settingsFrame } from "../frames.ts";
import { HpackEncoder } from "../hpack-encoder.ts";
import { Outbox } from "../outbox.ts";
import { StreamTable } from "../stream-table.ts";
import { BodyWriter } from "./body-writer.ts";
import type { TransportFailure } from "./exchange.ts";
import { failureOfStart, failureOfViolation } from "./failures.ts";
import { headerLimits, lastStreamId, receiveWindowBytes } from "./limits.ts";
import { type ConnectionOfFrames, responseFieldRules, ServerFrames } from "./server-frames.ts";
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
export class Http2Connection implements StreamOwner, ConnectionOfFrames {
  readonly streams = new StreamTable<Http2Stream>();
  readonly outbox: Outbox;
  readonly window: ReceiveWindow;
  readonly bodies: BodyWriter;
  readonly encoder = new HpackEncoder();
  nextId = 1;
  maxStreams = Number.POSITIVE_INFINITY;
  hasResponse = false;
  isClosed = false;
  readonly #socket: Duplex;
  readonly #number: number;
  readonly #events: ConnectionEvents;
  readonly #parser = new FrameParser(
    new FrameDispatcher(new ServerFrames(this), responseFieldRules, headerLimits),
    noPreface,
  );
  /** What the server sent before its settings. */
  #start = "";
  #isReady = false;
  #isRetired = false;

  /**
   * @param socket must be connected
   * @param number reported by the streams as their connection
   */
  constructor(socket: Duplex, number: number, events: ConnectionEvents) {
    this.#socket = socket;
    this.#number = number;
    this.#events = events;
    this.outbox = new Outbox(socket);
    this.window = new ReceiveWindow(this.outbox, receiveWindowBytes, receiveWindowBytes);
    this.bodies = new BodyWriter(this.outbox);
    const lose = (message: string) => this.#close({ code: "unavailable", message });
    socket.on("error", ({ message }) => lose(`The connection was lost: ${message}`));
    socket.on("end", () => lose("The server closed the connection"));
    socket.on("close", () => lose("The server closed the connection"));
    this.outbox.append(preface);
    this.outbox.append(
      settingsFrame([
        [setting.enablePush, 0],
        [setting.initialWindowSize, receiveWindowBytes],
      ]),
    );
    this.window.open();
  }

  get isUp(): boolean {
    return this.#isReady && !this.#isRetired;
  }

  /** Whether a request can be written now. */
  get hasFreeStream(): boolean {
    return this.isUp && this.streams.size < this.maxStreams;
  }

  get isAllSent(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** Writes a request; there must be a free stream. */
  open(stream: Http2Stream): void {
    const { request } = stream;
    const id = this.nextId;
    this.nextId += 2;
    stream.id = id;
    stream.owner = this;
    stream.connection = this.#number;
    stream.writtenMs = performance.now();
    this.streams.add(stream);
    const block = request.block(this.encoder, this.#number);
    this.outbox.headers(id, block, request.body.length === 0);
    this.bodies.begin(stream);
    if (this.nextId > lastStreamId) {
      this.retire();
    }
  }

  cancel(stream: Http2Stream): void {
    if (this.isOpen(stream)) {
      this.reset(stream, errorCode.cancel);
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
        this.#isReady
          ? failureOfViolation(error.message)
          : failureOfStart(this.#start, error.message),
      );
    }
  }

  onSettings(): void {
    if (this.#isReady) {
      this.#events.onFreeStream();
    } else {
      this.#isReady = true;
      this.#events.onReady();
    }
  }

  reset(stream: Http2Stream, code: number): void {
    this.outbox.number(frameType.resetStream, stream.id, code);
    this.remove(stream);
  }

  isOpen(stream: Http2Stream): boolean {
    return this.streams.get(stream.id) === stream;
  }

  /** The stream has ended. */
  remove(stream: Http2Stream): void {
    this.streams.delete(stream);
    if (!stream.isWritten) {
      this.bodies.drop(stream);
    }
    this.closeIfIdle();
    this.#events.onFreeStream();
  }

  /** Takes no more requests. */
  retire(): void {
    if (!this.#isRetired) {
      this.#isRetired = true;
      this.#events.onRetired();
    }
  }

  closeIfIdle(): void {
    if (this.#isRetired && this.streams.size === 0) {
      this.#goAway(errorCode.noError, { code: "unavailable", message: "The server is going away" });
    }
  }

  /** Sends GOAWAY and closes. */
  #goAway(code: number, failure: TransportFailure): void {
    if (!this.isClosed) {
      // The server may not open streams, so 0 is the last.
      this.outbox.append(goAwayFrame(0, code));
      this.outbox.flush();
      this.#close(failure);
    }
  }

  #close(failure: TransportFailure): void {
    if (this.isClosed) {
      return;
    }
    this.isClosed = true;
    this.#socket.destroy();
    const streams = this.streams.all();
    for (const stream of streams) {
      this.streams.delete(stream);
      this.bodies.drop(stream);
    }
    this.retire();
    for (const stream of streams) {
      stream.fail(failure);
    }
    this.#events.onClosed(failure);
  }
}
