import type { Interceptor } from "@connectrpc/connect";
import { Failure } from "../../errors.ts";
import { callerKey } from "../adapter/caller.ts";

/** Bounds of the streams that are open at once. */
export interface StreamLimits {
  readonly perConnection: number;
  readonly perServer: number;
}

/** Counts open streams, by connection and in total. */
export class OpenStreams {
  readonly #limits: StreamLimits;
  readonly #what: string;
  readonly #byConnection = new WeakMap<object, number>();
  #total = 0;

  /** @param what they are for the caller, such as "streams" */
  constructor(limits: StreamLimits, what: string) {
    this.#limits = limits;
    this.#what = what;
  }

  /**
   * Takes note of a stream until its signal aborts, as Connect's does at the end of each stream.
   *
   * @throws Failure "overloaded" when there are as many as may be
   */
  open(signal: AbortSignal, connection: object = this): void {
    const { perConnection, perServer } = this.#limits;
    const onConnection = this.#byConnection.get(connection) ?? 0;
    if (onConnection >= perConnection) {
      throw this.#tooMany(onConnection, "on this connection", "End some of them, or share one.");
    }
    if (this.#total >= perServer) {
      throw this.#tooMany(this.#total, "on this server", "Try again later.");
    }
    if (signal.aborted) {
      return;
    }
    this.#count(connection, 1);
    signal.addEventListener("abort", () => this.#count(connection, -1), { once: true });
  }

  #count(connection: object, change: 1 | -1): void {
    this.#total += change;
    this.#byConnection.set(connection, (this.#byConnection.get(connection) ?? 0) + change);
  }

  #tooMany(open: number, where: string, advice: string): Failure {
    return new Failure(
      "overloaded",
      `${open} ${this.#what} are open ${where}, which is the most. ${advice}`,
    );
  }
}

/** Rejects streams beyond the limits, before their handler runs. They cost memory also while they are silent. */
export function limitStreams(limits: StreamLimits): Interceptor {
  const streams = new OpenStreams(limits, "streams");
  return (next) => async (request) => {
    if (request.stream) {
      streams.open(request.signal, request.contextValues.get(callerKey)?.connection);
    }
    return next(request);
  };
}
