import { errorCode } from "../errors.ts";
import type { ConnectionLimits } from "./options.ts";

/** What the watchdog sees of a connection, and what it does to it. */
export interface Watched {
  /** Whether the peer sent its settings and acknowledged ours. */
  readonly isReady: boolean;
  /** Whether a frame or header block has begun that is not complete. */
  readonly isWithinFrame: boolean;
  readonly frames: number;
  /** Number of chunks that the socket delivered. */
  readonly chunks: number;
  readonly openStreams: number;
  readonly lastStreamId: number;
  /** When the socket became full; 0 while it is not. */
  readonly fullSinceMs: number;
  readonly isShuttingDown: boolean;
  setClock(nowMs: number): void;
  ping(): void;
  shutDown(): void;
  checkStreams(nowMs: number): void;
  /** Sends a GOAWAY and closes. */
  fail(code: number, why: string): void;
  /** Closes without a GOAWAY, which the peer would not read. */
  drop(why: string): void;
}

const maxIntervalMs = 1_000;
const minIntervalMs = 10;
/** A timeout is noticed late by a quarter of it at most. */
const checksPerTimeout = 4;

/** Compares the state of a connection with its time limits, once a second or more often. */
export class Watchdog {
  readonly #limits: ConnectionLimits;
  readonly #watched: Watched;
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

  constructor(limits: ConnectionLimits, watched: Watched) {
    this.#limits = limits;
    this.#watched = watched;
    // Connections that were opened together do not end together.
    this.#maxAgeMs = limits.maxAgeMs * (0.9 + 0.2 * Math.random());
    const timeouts = Object.entries(limits)
      .filter(([name, value]) => name.endsWith("Ms") && typeof value === "number" && value > 0)
      .map(([, value]) => Number(value) / checksPerTimeout);
    const intervalMs = Math.max(minIntervalMs, Math.min(maxIntervalMs, ...timeouts));
    watched.setClock(this.#startMs);
    this.#timer = setInterval(() => this.#check(performance.now()), intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #check(nowMs: number): void {
    const watched = this.#watched;
    const limits = this.#limits;
    watched.setClock(nowMs);
    if (!watched.isReady && nowMs - this.#startMs > limits.handshakeTimeoutMs) {
      watched.fail(errorCode.settingsTimeout, "no preface, SETTINGS or acknowledgement in time");
      return;
    }
    if (!watched.isWithinFrame || watched.frames !== this.#frames) {
      this.#frames = watched.frames;
      this.#frameSinceMs = nowMs;
    } else if (nowMs - this.#frameSinceMs > limits.frameTimeoutMs) {
      watched.fail(errorCode.enhanceYourCalm, "a frame or header block that does not end");
      return;
    }
    if (watched.fullSinceMs > 0 && nowMs - watched.fullSinceMs > limits.sendTimeoutMs) {
      watched.drop("the peer does not read");
      return;
    }
    if (this.#isGone(nowMs)) {
      watched.drop("the peer does not respond to a PING");
      return;
    }
    watched.checkStreams(nowMs);
    this.#checkEnd(nowMs);
  }

  /** Pings a silent peer. @returns whether it does not respond */
  #isGone(nowMs: number): boolean {
    const { pingIntervalMs, pingTimeoutMs } = this.#limits;
    if (this.#watched.chunks !== this.#chunks) {
      this.#chunks = this.#watched.chunks;
      this.#heardMs = nowMs;
      this.#pingedMs = 0;
    } else if (this.#pingedMs > 0) {
      return nowMs - this.#pingedMs > pingTimeoutMs;
    } else if (pingIntervalMs > 0 && nowMs - this.#heardMs >= pingIntervalMs) {
      this.#pingedMs = nowMs;
      this.#watched.ping();
    }
    return false;
  }

  #checkEnd(nowMs: number): void {
    const watched = this.#watched;
    const { idleTimeoutMs, drainTimeoutMs } = this.#limits;
    if (watched.isShuttingDown) {
      this.#shutDownMs ||= nowMs;
      if (nowMs - this.#shutDownMs > drainTimeoutMs) {
        watched.fail(errorCode.noError, "the shutdown took too long");
      }
      return;
    }
    if (watched.openStreams > 0 || watched.lastStreamId !== this.#lastStreamId) {
      this.#lastStreamId = watched.lastStreamId;
      this.#idleSinceMs = nowMs;
    }
    const isIdle = idleTimeoutMs > 0 && nowMs - this.#idleSinceMs > idleTimeoutMs;
    const isOld = this.#maxAgeMs > 0 && nowMs - this.#startMs > this.#maxAgeMs;
    if (isIdle || isOld) {
      watched.shutDown();
    }
  }
}
