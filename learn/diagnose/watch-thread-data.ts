/** What the watching thread gets; what is undefined it does not do. */
export interface WatchThreadData {
  readonly lookout: LookoutData | undefined;
  readonly canary: CanaryData | undefined;
  readonly pauses: PauseData | undefined;
  readonly lookups: LookupData | undefined;
}

export interface LookoutData {
  /** See {@link lookoutCell}. */
  readonly cells: Int32Array;
}

/** The name of the symbol under which the watched thread has the function that takes a look. */
export const lookSymbol = "unblock diagnose: look";

/** Memory that the watched thread and the lookout share. */
export const lookoutCell = {
  /** When the loop turned last, in whole milliseconds of the monotonic clock; 0 until it has. */
  turnedMs: 0,
  /** 1 when the lookout shall end. */
  closing: 1,
  /** 1 while it is connected to the watched thread's inspector. */
  connected: 2,
} as const;

export interface CanaryData {
  /** See {@link canaryCell}. */
  readonly cells: Int32Array;
}

/** Memory that the canary tells by. Times are in whole milliseconds. */
export const canaryCell = {
  /** The longest that a call waited for a thread of libuv's pool. */
  longestMs: 0,
  /** How many calls waited for long. */
  late: 1,
  /** How long these waited together. */
  lateMs: 2,
  /** For how long one waits right now. */
  waitingMs: 3,
} as const;

export interface LookupData {
  /** See {@link lookupCell}. */
  readonly cells: Int32Array;
}

/** Memory that the probe of look-ups reports by. Times are in whole milliseconds. */
export const lookupCell = {
  /** The longest that a look-up waited for a thread of libuv's pool, while other calls did not. */
  longestMs: 0,
  /** How long all that waited did together. */
  totalMs: 1,
  /** For how long one waits right now. */
  waitingMs: 2,
} as const;

export interface PauseData {
  /** See {@link pauseCell}. */
  readonly cells: Int32Array;
  /**
   * Milliseconds: until when pauses are known, all pauses together, the longest; then when each began and
   * ended, the last {@link pauseSpans} of them, on the monotonic clock.
   */
  readonly times: Float64Array;
}

export const pauseCell = {
  /** How often the thread has looked. */
  looks: 0,
  /** How many pauses there were. */
  count: 1,
} as const;

/** How many pauses are kept. */
export const pauseSpans = 32;

/** Whole milliseconds of the monotonic clock in 32 bits; differences are right for three weeks. */
export function toCell(ms: number): number {
  return Math.trunc(ms) | 0;
}
