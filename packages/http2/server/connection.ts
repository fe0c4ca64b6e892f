import type { Duplex } from "node:stream";
import { ConnectionError, errorCode } from "../errors.ts";
import { ReceiveWindow } from "../flow-control.ts";
import { FrameDispatcher } from "../frame-dispatcher.ts";
import { FrameParser } from "../frame-parser.ts";
import {
  frame,
  frameType,
  goAwayFrame,
  maxStreamId,
  preface,
  setting,
  settingsFrame,
} from "../frames.ts";
import { StreamTable } from "../stream-table.ts";
import { ClientFrames, type ConnectionOfFrames, shutdownPing } from "./client-frames.ts";
import { Meters } from "./meter.ts";
import {
  type ConnectionLimits,
  type ConnectionOptions,
  MemoryBudget,
  resolveOptions,
} from "./options.ts";
import { type HeaderFields, requestFieldRules } from "./request-fields.ts";
import { Requests } from "./requests.ts";
import { Sender } from "./sender.ts";
import { type OnStream, OpenStream } from "./stream.ts";
import { type HandlerEvents, StreamEnds } from "./stream-ends.ts";
import { Watchdog, type WatchedConnection } from "./watchdog.ts";

/** Why a connection ended. */
export interface CloseReason {
  /** Error code of HTTP/2: that of our GOAWAY, or CANCEL when the peer left. */
  readonly code: number;
  readonly message: string;
}

export interface ConnectionEvents extends HandlerEvents {
  /** The connection takes no more and its streams have ended. Called once. */
  onClosed?(reason: CloseReason): void;
}

/** Server's side of one HTTP/2 connection. */
export interface ServerConnection {
  readonly openStreams: number;
  readonly isClosed: boolean;
  /** Bytes of requests and responses that wait in memory. */
  readonly bufferedBytes: number;
  /**
   * Ends the connection when its streams have ended: announces it, accepts what is already on its
   * way, then refuses new streams, and closes after the last.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9113#section-6.8
   */
  shutDown(): void;
  /** Ends the connection now; what is in progress is aborted. */
  close(): void;
}

/** Time for a peer to acknowledge the PING that follows the first GOAWAY of a graceful shutdown. */
const noticeMs = 500;
/** Time for a peer to read the last GOAWAY before its socket is destroyed. */
const lingerMs = 1_000;

/**
 * Serves HTTP/2 on a socket: TCP, TLS after ALPN chose "h2", a unix socket, or any other `Duplex`.
 *
 * @param onStream called with each request
 * @throws TypeError for an option that makes no sense
 */
export function createServerConnection(
  duplex: Duplex,
  options: ConnectionOptions,
  onStream: OnStream,
  events: ConnectionEvents = {},
): ServerConnection {
  return new Connection(duplex, resolveOptions(options), onStream, events);
}

/** @see https://www.rfc-editor.org/rfc/rfc9113 */
class Connection implements ServerConnection, ConnectionOfFrames, WatchedConnection {
  readonly limits: ConnectionLimits;
  readonly streams = new StreamTable<OpenStream>();
  readonly sender: Sender;
  readonly window: ReceiveWindow;
  readonly requests: Requests;
  readonly ends: StreamEnds;
  readonly meters: Meters;
  chunks = 0;
  isShuttingDown = false;
  isFinal = false;
  isClosed = false;
  readonly #duplex: Duplex;
  readonly #onStream: OnStream;
  readonly #events: ConnectionEvents;
  readonly #budget: MemoryBudget;
  readonly #frames: ClientFrames;
  readonly #dispatcher: FrameDispatcher<HeaderFields>;
  readonly #parser: FrameParser;
  readonly #watchdog: Watchdog;
  #isPeerLeaving = false;

  constructor(
    duplex: Duplex,
    limits: ConnectionLimits,
    onStream: OnStream,
    events: ConnectionEvents,
  ) {
    this.#duplex = duplex;
    this.limits = limits;
    this.#onStream = onStream;
    this.#events = events;
    this.#budget = new MemoryBudget(limits.maxBufferedBytes, limits.budget);
    this.ends = new StreamEnds(this, events);
    this.sender = new Sender(duplex, this.#budget, limits.sendHighWaterBytes, this.ends);
    this.window = new ReceiveWindow(
      this.sender.outbox,
      limits.streamWindowBytes,
      limits.connectionWindowBytes,
    );
    this.requests = new Requests(this.window, this.#budget, this.ends);
    this.meters = new Meters(limits.rates, this.sender.writer);
    this.#frames = new ClientFrames(this);
    this.#dispatcher = new FrameDispatcher(this.#frames, requestFieldRules, limits);
    this.#parser = new FrameParser(this.#dispatcher, preface);
    this.sender.outbox.append(
      settingsFrame([
        [setting.maxConcurrentStreams, limits.maxConcurrentStreams],
        [setting.initialWindowSize, limits.streamWindowBytes],
        [setting.maxHeaderListSize, limits.maxHeaderBytes],
        [setting.noRfc7540Priorities, 1],
      ]),
    );
    this.window.open();
    this.#watchdog = new Watchdog(this);
    duplex.on("data", (chunk: Buffer) => this.#onChunk(chunk));
    duplex.on("error", (error: Error) => this.#close(errorCode.cancel, error.message));
    duplex.on("end", () => {
      this.#close(errorCode.cancel, "the peer closed the connection");
      this.#endSoon(lingerMs);
    });
    duplex.on("close", () => this.#close(errorCode.cancel, "the connection was lost"));
  }

  get openStreams(): number {
    return this.streams.size;
  }

  get bufferedBytes(): number {
    return this.#budget.usedBytes;
  }

  shutDown(): void {
    if (!this.isShuttingDown && !this.isClosed) {
      this.isShuttingDown = true;
      this.sender.outbox.append(goAwayFrame(maxStreamId, errorCode.noError));
      this.sender.outbox.append(frame(frameType.ping, 0, 0, shutdownPing));
      setTimeout(() => this.finishShutdown(), noticeMs).unref();
    }
  }

  close(): void {
    this.fail(errorCode.noError, "closed");
  }

  get isReady(): boolean {
    return this.#dispatcher.hasSettings && this.#frames.isAcknowledged;
  }

  get isWithinFrame(): boolean {
    return this.#parser.isWithinFrame || this.#dispatcher.isWithinBlock;
  }

  get frames(): number {
    return this.#parser.frames;
  }

  finishShutdown(): void {
    if (this.isShuttingDown && !this.isFinal && !this.isClosed) {
      this.isFinal = true;
      this.sender.outbox.append(goAwayFrame(this.streams.lastId, errorCode.noError));
      for (const stream of this.streams.all()) {
        if (stream.isDropping) {
          this.ends.reset(stream, errorCode.noError);
        }
      }
      this.closeIfDone();
    }
  }

  /**
   * Ends the connection with a GOAWAY.
   *
   * @param timeoutMs for the peer to read what was sent before
   */
  fail(code: number, why: string, timeoutMs = lingerMs): void {
    if (this.isClosed) {
      return;
    }
    this.sender.outbox.append(goAwayFrame(this.streams.lastId, code, why.slice(0, 200)));
    this.sender.outbox.flush();
    this.#close(code, why);
    this.#endSoon(timeoutMs);
  }

  drop(why: string): void {
    this.#close(errorCode.cancel, why);
    this.#duplex.destroy();
  }

  /** Destroyed at once, the socket would reset the connection, and the peer lose the GOAWAY. */
  #endSoon(timeoutMs: number): void {
    this.#duplex.end();
    const linger = setTimeout(() => this.#duplex.destroy(), timeoutMs).unref();
    this.#duplex.once("close", () => clearTimeout(linger));
  }

  #onChunk(chunk: Buffer): void {
    // After the last GOAWAY it is read and dropped.
    if (this.isClosed) {
      return;
    }
    this.chunks++;
    try {
      this.#parser.push(chunk);
    } catch (error) {
      if (!(error instanceof ConnectionError)) {
        throw error;
      }
      this.fail(error.code, error.message);
    }
  }

  openStream(id: number, fields: HeaderFields, isLast: boolean): void {
    const stream = new OpenStream(id, fields, this);
    this.streams.add(stream);
    stream.isRemoteClosed = isLast;
    try {
      this.#onStream(stream);
    } catch (error) {
      this.ends.onHandlerError(stream, error);
    }
    if (isLast) {
      this.requests.onEnd(stream);
    }
  }

  onGoAway(): void {
    this.#isPeerLeaving = true;
    this.closeIfDone();
  }

  closeIfDone(): void {
    if ((this.isFinal || this.#isPeerLeaving) && this.streams.size === 0) {
      this.fail(errorCode.noError, "done", this.limits.sendTimeoutMs);
    }
  }

  #close(code: number, message: string): void {
    if (this.isClosed) {
      return;
    }
    this.isClosed = true;
    this.#watchdog.stop();
    for (const stream of this.streams.all()) {
      this.ends.onLost(stream, code === errorCode.noError ? errorCode.cancel : code);
    }
    this.#events.onClosed?.({ code, message });
  }
}
