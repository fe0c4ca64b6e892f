import type { WorldAddresses } from "../../service/messages.ts";

/** How the world answers. */
export type Mood =
  /** Each request is answered as it should be, with a value of its own. */
  | "right"
  /** Each request fails. Of the five services the third. */
  | "failing"
  /** An answer comes, and has nothing in it. */
  | "empty"
  /** Answers are right, and take several times as long. */
  | "slow";

/** What became of a request. */
export type AskedOutcome =
  | "in progress"
  /** It was answered, and somebody was there to take it. */
  | "answered"
  /** Who asked was gone before it was answered. */
  | "cancelled";

/** A request as a backend saw it. Times are on the clock of monotonicMs. */
export interface Asked {
  /** Such as "weather", "service-3" or "slow disk". */
  readonly backend: string;
  /** What was asked for: a city, a key, a path; "" where there is nothing to choose. */
  readonly what: string;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly outcome: AskedOutcome;
  /** What it was answered with, as plain data. */
  readonly value: unknown;
}

export interface ConnectionCounts {
  /** Since the window began. */
  readonly opened: number;
  /** Still open now. */
  readonly open: number;
}

/** What the backends saw since the window began. */
export interface Seen {
  readonly asked: readonly Asked[];
  /** More than the log takes, and were only counted. */
  readonly uncounted: number;
  readonly connections: ConnectionCounts;
}

export interface WorldRequest {
  readonly id: number;
  /** Begins a window anew, with another mood, and has the cache forget a key. */
  readonly restart?: { readonly mood: Mood; readonly forget: string | undefined };
}

export type WorldMessage =
  | { readonly kind: "ready"; readonly addresses: WorldAddresses }
  | { readonly kind: "seen"; readonly id: number; readonly seen: Seen };
