import { Failure } from "../../errors.ts";

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
   * @returns why the stream is rejected, "overloaded", when there are as many as may be
   */
  open(signal: AbortSignal, connection: object = this): Failure | undefined {
    const { perConnection, perServer } = this.#limits;
    const onConnection = this.#byConnection.get(connection) ?? 0;
    if (onConnection >= perConnection) {
      return this.#tooMany(onConnection, "on this connection", "End some of them, or share one.");
    }
    if (this.#total >= perServer) {
      return this.#tooMany(this.#total, "on this server", "Try again later.");
    }
    if (!signal.aborted) {
      this.#count(connection, 1);
      signal.addEventListener("abort", () => this.#count(connection, -1), { once: true });
    }
    return undefined;
  }

  #count(connection: object, change: 1 | -1): void {
    this.#total += change;
    this.#byConnection.set(connection, (this.#byConnection.get(connection) ?? 0) + change);
  }

  #tooMany(open: number, where: string, advice: string): Failure {
    return new Failure("UNBLOCK_STREAMS_FULL", { open, what: this.#what, where, advice });
  }
}
