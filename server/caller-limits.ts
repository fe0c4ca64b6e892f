import { type ConnectionLimits, defaultConnectionLimits } from "./rpc/listener/limits.ts";

/** What callers may ask of the server and hold of it; times in milliseconds. */
export interface CallerLimits extends ConnectionLimits {
  /**
   * Deadline of a unary call whose caller gives none, from the arrival of its header; 0 for none. Default
   * 30,000.
   */
  readonly defaultTimeoutMs: number;
  /** Longest deadline of a unary call; a longer one is shortened to it. 0 for none. Default 300,000. */
  readonly maxTimeoutMs: number;
}

export const defaultCallerLimits: CallerLimits = {
  defaultTimeoutMs: 30_000,
  maxTimeoutMs: 300_000,
  ...defaultConnectionLimits,
};

/** A day. */
const longestMs = 86_400_000;

const bounds: readonly (readonly [name: keyof CallerLimits, from: number, to: number])[] = [
  ["defaultTimeoutMs", 0, longestMs],
  ["maxTimeoutMs", 0, longestMs],
  ["maxConnections", 2, 1_000_000],
  // The system's keepalive counts in seconds.
  ["keepaliveIntervalMs", 1_000, longestMs],
  ["keepaliveTimeoutMs", 1_000, longestMs],
  ["maxConnectionAgeMs", 0, longestMs],
  ["maxConnectionAgeGraceMs", 0, longestMs],
];

/** @throws RangeError that names the limit, what was expected and what came */
export function assertCallerLimits(limits: CallerLimits): void {
  for (const [name, from, to] of bounds) {
    const value = limits[name];
    if (!Number.isInteger(value) || value < from || value > to) {
      throw new RangeError(
        `Expected ${name} to be a whole number from ${from} to ${to}, got ${value}`,
      );
    }
  }
}
