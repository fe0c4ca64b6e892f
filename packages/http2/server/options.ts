import { defaultWindowBytes, maxWindowBytes } from "../frames.ts";

/**
 * What a connection accepts of its peer. "Ends the connection" is a GOAWAY with ENHANCE_YOUR_CALM
 * unless another code is named.
 */
export interface ConnectionOptions {
  /**
   * Streams that a peer may have open at once. More are refused with REFUSED_STREAM, which clients
   * retry. Default 100.
   */
  readonly maxConcurrentStreams?: number;
  /**
   * Size of a request's header fields, each counted with 32 bytes more (RFC 9113, 6.5.2), and of
   * the encoded block. Larger lists reset the stream with ENHANCE_YOUR_CALM; larger blocks, and lists
   * of four times the size, end the connection. Default 16 KiB.
   */
  readonly maxHeaderBytes?: number;
  /** Number of header fields of a request; more reset the stream. Default 128. */
  readonly maxHeaderFields?: number;
  /** CONTINUATION frames per header block; more end the connection. Default 8. */
  readonly maxContinuations?: number;
  /**
   * Bytes a peer may send on a stream before the server has taken them, from 65,535. A larger
   * window makes large uploads faster and lets a stream buffer more. Default 256 KiB.
   */
  readonly streamWindowBytes?: number;
  /** The same for all streams of the connection together. Default 1 MiB. */
  readonly connectionWindowBytes?: number;
  /**
   * Largest request body that `collect` accepts when the handler names no other. A larger one is
   * reported with `onTooLarge`. Default 4 MiB.
   */
  readonly maxBodyBytes?: number;
  /**
   * Bytes of a request that are read and dropped after its response, before the stream is reset with NO_ERROR.
   * Some clients, such as Node's, lose a response that a reset follows at once. Bounded by `bodyTimeoutMs`.
   * Default 0: the reset follows at once.
   */
  readonly maxDroppedBytes?: number;
  /**
   * Bytes that the connection buffers: request bodies that are not complete or not released, and
   * responses that the peer has not made room for. The stream that would need more is reset with
   * ENHANCE_YOUR_CALM. Default 16 MiB.
   */
  readonly maxBufferedBytes?: number;
  /** Budget that all connections of the process share, with the same consequence. Default: none. */
  readonly budget?: MemoryBudget;
  /**
   * Bytes that wait on one stream before `sendData` asks the handler to wait for `onDrain`.
   * Default 64 KiB.
   */
  readonly sendHighWaterBytes?: number;
  /**
   * Frames other than responses (acknowledgements, resets, window updates) sent while the peer does
   * not read; more end the connection. Default 1,000.
   */
  readonly maxUnreadFrames?: number;
  /** Frames that a peer sends to cause work. Kinds that are left out keep their default. */
  readonly rates?: Partial<FrameRates>;
  /** Time for the preface, the first SETTINGS and the acknowledgement of ours. Default 10 s. */
  readonly handshakeTimeoutMs?: number;
  /** Time for a frame or header block that has begun; then the connection ends. Default 20 s. */
  readonly frameTimeoutMs?: number;
  /**
   * Time in which a body that is collected must end or grow by 64 KiB; then the stream is reset with
   * CANCEL. Default 60 s.
   */
  readonly bodyTimeoutMs?: number;
  /**
   * Time in which a peer must read something, and take all or 64 KiB of a response that waits for
   * its window; then the connection is closed, or the stream reset with CANCEL. Default 60 s.
   */
  readonly sendTimeoutMs?: number;
  /** Silence after which a PING checks that the peer is there; 0 for never. Default 60 s. */
  readonly pingIntervalMs?: number;
  /** Time for the peer to send anything after that PING; then it is closed. Default 20 s. */
  readonly pingTimeoutMs?: number;
  /** Time without streams after which the connection shuts down gracefully; 0: never. Default 10 min. */
  readonly idleTimeoutMs?: number;
  /** Age at which the connection shuts down gracefully, give or take 10 %; 0: never. Default 0. */
  readonly maxAgeMs?: number;
  /** Time for open streams to end after a graceful shutdown began; then it closes. Default 30 s. */
  readonly drainTimeoutMs?: number;
}

/** How many frames of one kind a peer may send. */
export interface Rate {
  /** Number of frames accepted at once. */
  readonly burst: number;
  /** Number of frames accepted per second beyond the burst. */
  readonly perSecond: number;
  /** Number of frames accepted per response frame (HEADERS or DATA) that the peer was sent. */
  readonly perFrameSent?: number;
}

/** Each kind ends the connection when there are more. */
export interface FrameRates {
  /**
   * RST_STREAM of the peer (rapid reset, CVE-2023-44487).
   * Default 1,000 at once, 100 per second, and 0.1 per response frame.
   */
  readonly resetsReceived: Rate;
  /**
   * Streams that the server had to reset or refuse because of what the peer sent (MadeYouReset,
   * CVE-2025-8671). Default 1,000 at once and 50 per second.
   */
  readonly resetsCaused: Rate;
  /** PING. Default 100 at once, 10 per second, and 2 per response frame. */
  readonly pings: Rate;
  /** SETTINGS. Default 50 at once and 5 per second. */
  readonly settings: Rate;
  /** DATA that carries nothing and does not end its stream. Default 100 at once, 10 per second. */
  readonly emptyData: Rate;
  /** WINDOW_UPDATE. Default 2,000 at once, 100 per second, and 10 per response frame. */
  readonly windowUpdates: Rate;
  /** PRIORITY and frames of unknown types. Default 1,000 at once, 10 per second, 1 per response frame. */
  readonly ignored: Rate;
}

export type ConnectionLimits = Required<Omit<ConnectionOptions, "budget" | "rates">> & {
  readonly budget: MemoryBudget | undefined;
  readonly rates: FrameRates;
};

const defaults = {
  maxConcurrentStreams: 100,
  maxHeaderBytes: 16 * 1_024,
  maxHeaderFields: 128,
  maxContinuations: 8,
  streamWindowBytes: 256 * 1_024,
  connectionWindowBytes: 1_024 * 1_024,
  maxBodyBytes: 4 * 1_024 * 1_024,
  maxDroppedBytes: 0,
  maxBufferedBytes: 16 * 1_024 * 1_024,
  sendHighWaterBytes: 64 * 1_024,
  maxUnreadFrames: 1_000,
  handshakeTimeoutMs: 10_000,
  frameTimeoutMs: 20_000,
  bodyTimeoutMs: 60_000,
  sendTimeoutMs: 60_000,
  pingIntervalMs: 60_000,
  pingTimeoutMs: 20_000,
  idleTimeoutMs: 600_000,
  maxAgeMs: 0,
  drainTimeoutMs: 30_000,
} as const;

const defaultRates: FrameRates = {
  resetsReceived: { burst: 1_000, perSecond: 100, perFrameSent: 0.1 },
  resetsCaused: { burst: 1_000, perSecond: 50 },
  pings: { burst: 100, perSecond: 10, perFrameSent: 2 },
  settings: { burst: 50, perSecond: 5 },
  emptyData: { burst: 100, perSecond: 10 },
  windowUpdates: { burst: 2_000, perSecond: 100, perFrameSent: 10 },
  ignored: { burst: 1_000, perSecond: 10, perFrameSent: 1 },
};

const mayBeZero = new Set(["maxContinuations", "maxDroppedBytes"]);

/** @throws TypeError for a value that makes no sense */
export function resolveOptions(options: ConnectionOptions): ConnectionLimits {
  const limits: ConnectionLimits = {
    ...defaults,
    ...options,
    budget: options.budget,
    rates: { ...defaultRates, ...options.rates },
  };
  for (const name of Object.keys(defaults)) {
    const value: unknown = Reflect.get(limits, name);
    const isWindow = name.endsWith("WindowBytes");
    const [min, max] = isWindow
      ? [defaultWindowBytes, maxWindowBytes]
      : [name.endsWith("Ms") || mayBeZero.has(name) ? 0 : 1, Number.MAX_SAFE_INTEGER];
    if (typeof value !== "number" || !(value >= min && value <= max)) {
      throw new TypeError(`Expected \`${name}\` to be from ${min} to ${max}, got \`${value}\``);
    }
  }
  return limits;
}

/**
 * Bound on buffered bytes. Connections have one each; a budget that they share as `parent` bounds
 * the whole process.
 *
 * @example
 * const budget = new MemoryBudget(256 * 1024 * 1024);
 * server.on("connection", (socket) => createServerConnection(socket, { budget }, onStream));
 */
export class MemoryBudget {
  readonly maxBytes: number;
  readonly #parent: MemoryBudget | undefined;
  #usedBytes = 0;

  constructor(maxBytes: number, parent?: MemoryBudget) {
    if (!(maxBytes >= 1)) {
      throw new TypeError(
        `Expected \`maxBytes\` to be a number from 1 and up, got \`${maxBytes}\``,
      );
    }
    this.maxBytes = maxBytes;
    this.#parent = parent;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** @returns false, and takes nothing, when that would be more than the budget or its parent has */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.maxBytes || this.#parent?.take(bytes) === false) {
      return false;
    }
    this.#usedBytes += bytes;
    return true;
  }

  /** @param bytes at most what was taken */
  give(bytes: number): void {
    this.#usedBytes -= bytes;
    this.#parent?.give(bytes);
  }
}
