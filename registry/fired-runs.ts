import type { JsonValue } from "@bufbuild/protobuf";

/**
 * What a server and the process that fires at it for the page say to each other. The server imports
 * nothing of that process, nor that process the server: what both know is here.
 */

/** What the server says first: what to fire, and where. */
export interface RaceOrder {
  readonly baseUrl: string;
  /** A RaceRequest, as protobuf JSON. */
  readonly request: JsonValue;
  /** How many seats each place of the server has, by the strategies' names. */
  readonly seats: Readonly<Record<string, number>>;
}

/** What the server answers to "burst-ready": it watches its event loop, so the burst may be fired. */
export type Go = "go";

export interface LoadOrder {
  readonly baseUrl: string;
  /** A LoadRequest, as protobuf JSON. */
  readonly request: JsonValue;
}

/** What the process that fires tells. */
export type Told =
  /** A RaceResponse or LoadResponse, as protobuf JSON. */
  | { readonly kind: "event"; readonly event: JsonValue }
  /** The next burst is to be fired; it waits for "go". */
  | { readonly kind: "burst-ready" }
  /** The burst's first call is about to be sent; on the machine's monotonic clock. */
  | { readonly kind: "burst-began"; readonly originMs: number }
  /** Its last call has ended. */
  | { readonly kind: "burst-over" }
  /** It ends without having come to its end; the message is for people. */
  | { readonly kind: "failed"; readonly message: string };

/** What a race or a load may ask for at most: the server refuses more, and the page's forms say so. */
export const mostStrategies = 4;
export const mostCalls = 1_000;
export const mostCallsPerSecond = 5_000;
export const mostSeconds = 60;
