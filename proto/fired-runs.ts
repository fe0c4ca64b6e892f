import type { JsonValue } from "@bufbuild/protobuf";

/**
 * Messages between a server and the process that runs races and load tests against it for the page.
 * Neither imports the other.
 */

/** First message of the server: what to run, and where. */
export interface RaceOrder {
  readonly baseUrl: string;
  /** A RaceRequest, as protobuf JSON. */
  readonly request: JsonValue;
  /** Slots of each of the server's executors, by name. */
  readonly slots: Readonly<Record<string, number>>;
}

/** The server's response to "burst-ready": it samples its event loop now. */
export type Go = "go";

export interface LoadOrder {
  readonly baseUrl: string;
  /** A LoadRequest, as protobuf JSON. */
  readonly request: JsonValue;
}

/** Messages of the process that makes the calls. */
export type RunMessage =
  /** A RaceResponse or LoadResponse, as protobuf JSON. */
  | { readonly kind: "event"; readonly event: JsonValue }
  /** The next burst waits for "go". */
  | { readonly kind: "burst-ready" }
  /** The burst's first call is about to be sent; on the clock of `monotonicMs`. */
  | { readonly kind: "burst-began"; readonly originMs: number }
  /** The burst's last call has ended. */
  | { readonly kind: "burst-over" }
  /** The run failed; the message is for people. */
  | { readonly kind: "failed"; readonly message: string };

/** Bounds of a race and a load test. The server rejects more, and the page's forms show them. */
export const maxStrategies = 4;
export const maxCalls = 1_000;
export const maxCallsPerSecond = 5_000;
export const maxSeconds = 60;
