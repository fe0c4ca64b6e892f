import { errorCode } from "../errors.ts";
import { frame, frameType } from "../frames.ts";
import type { Outbox } from "../outbox.ts";
import type { StreamTable } from "../stream-table.ts";
import type { ConnectionLimits } from "./options.ts";
import type { OpenStream } from "./stream.ts";
import type { StreamEnds } from "./stream-ends.ts";

/** What the watchdog sees of a connection, and what it does to it. */
export interface WatchedConnection {
  readonly limits: ConnectionLimits;
  readonly streams: StreamTable<OpenStream>;
  readonly ends: StreamEnds;
  readonly sender: { coarseMs: number; readonly fullSinceMs: number; readonly outbox: Outbox };
  /** Whether the peer sent its settings and acknowledged ours. */
  readonly isReady: boolean;
  /** Whether a frame or header block has begun that is not complete. */
  readonly isWithinFrame: boolean;
  readonly frames: number;
  /** Number of chunks that the socket delivered. */
  readonly chunks: number;
  readonly isShuttingDown: boolean;
  shutDown(): void;
  /** Ends the connection with a GOAWAY. */
  fail(code: number, why: string): void;
  /** Closes without a GOAWAY, which the peer would not read. */
  drop(why: string): void;
}

/** Data of a PING that checks whether the peer is there. */
const livenessPing = Buffer.from("liveness", "latin1");
const maxIntervalMs = 1_000;
const minIntervalMs = 10;
/** A timeout is noticed late by a quarter of it at most. */
const checksPerTimeout = 4;

/** Compares the state of a connection with its time limits, once a second or more often. */
export class Watchdog {
  readonly #connection: WatchedConnection;
  readonly #timer: NodeJS.Timeout;
  readonly #startMs = performance.now();
  readonly #maxAgeMs: number;
  #frames = 0;
  #frameSinceMs = 0;
  #chunks = 0;
  #heardMs = this.#startMs;
  #pingedMs = 0;
  #lastStreamId = 0;
  #idleSinceMs = this.#startMs;
  #shutDownMs = 0;

  constructor(connection: WatchedConnection) {
    this.#connection = connection;
    const { limits } = connection;
    // Connections that were opened together do not end together.
    this.#maxAgeMs = limits.maxAgeMs * (0.9 + 0.2 * Math.random());
    const timeouts = Object.entries(limits)
      .filter(([name, value]) => name.endsWith("Ms") && typeof value === "number" && value > 0)
      .map(([, value]) => Number(value) / checksPerTimeout);
    const intervalMs = Math.max(minIntervalMs, Math.min(maxIntervalMs, ...timeouts));
    connection.sender.coarseMs = this.#startMs;
    this.#timer = setInterval(() => this.#check(performance.now()), intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(nowMs: number): void {
    const connection = this.#connection;
    const { limits, sender } = connection;
    sender.coarseMs = nowMs;
    if (!connection.isReady && nowMs - this.#startMs > limits.handshakeTimeoutMs) {
      connection.fail(errorCode.settingsTimeout, "no preface, SETTINGS or acknowledgement in time");
      return;
    }
    if (!connection.isWithinFrame || connection.frames !== this.#frames) {
      this.#frames = connection.frames;
      this.#frameSinceMs = nowMs;
    } else if (nowMs - this.#frameSinceMs > limits.frameTimeoutMs) {
      connection.fail(errorCode.enhanceYourCalm, "a frame or header block that does not end");
      return;
    }
    if (sender.fullSinceMs > 0 && nowMs - sender.fullSinceMs > limits.sendTimeoutMs) {
      connection.drop("the peer does not read");
      return;
    }
    if (this.#isGone(nowMs)) {
      connection.drop("the peer does not respond to a PING");
      return;
    }
    this.#checkStreams(nowMs);
    this.#checkEnd(nowMs);
  }

  /** Pings a silent peer. @returns whether it does not respond */
  #isGone(nowMs: number): boolean {
    const { chunks, limits, sender } = this.#connection;
    if (chunks !== this.#chunks) {
      this.#chunks = chunks;
      this.#heardMs = nowMs;
      this.#pingedMs = 0;
    } else if (this.#pingedMs > 0) {
      return nowMs - this.#pingedMs > limits.pingTimeoutMs;
    } else if (limits.pingIntervalMs > 0 && nowMs - this.#heardMs >= limits.pingIntervalMs) {
      this.#pingedMs = nowMs;
      sender.outbox.append(frame(frameType.ping, 0, 0, livenessPing));
    }
    return false;
  }

  #checkStreams(nowMs: number): void {
    const { ends, limits, streams } = this.#connection;
    const { bodyTimeoutMs, sendTimeoutMs } = limits;
    for (const stream of streams.all()) {
      const isCollecting = stream.maxBodyBytes >= 0 && !stream.isRemoteClosed;
      const isSlowToSend = isCollecting && nowMs - stream.bodySinceMs > bodyTimeoutMs;
      const isSlowToRead =
        stream.queue !== undefined && nowMs - stream.queuedSinceMs > sendTimeoutMs;
      if (isSlowToSend || isSlowToRead) {
        ends.abort(stream, errorCode.cancel);
      } else if (stream.isDropping && nowMs - stream.bodySinceMs > bodyTimeoutMs) {
        ends.reset(stream, errorCode.noError);
      }
    }
  }

  #checkEnd(nowMs: number): void {
    const connection = this.#connection;
    const { idleTimeoutMs, drainTimeoutMs } = connection.limits;
    if (connection.isShuttingDown) {
      this.#shutDownMs ||= nowMs;
      if (nowMs - this.#shutDownMs > drainTimeoutMs) {
        connection.fail(errorCode.noError, "the shutdown took too long");
      }
      return;
    }
    const { size, lastId } = connection.streams;
    if (size > 0 || lastId !== this.#lastStreamId) {
      this.#lastStreamId = lastId;
      this.#idleSinceMs = nowMs;
    }
    const isIdle = idleTimeoutMs > 0 && nowMs - this.#idleSinceMs > idleTimeoutMs;
    const isOld = this.#maxAgeMs > 0 && nowMs - this.#startMs > this.#maxAgeMs;
    if (isIdle || isOld) {
      connection.shutDown();
    }
  }
}
