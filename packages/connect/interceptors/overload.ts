import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Interceptor, UnaryRequest } from "@connectrpc/connect";
import { Failure } from "@unblock/errors/failure";
import { workGoingOn } from "@unblock/executors/waiting";

export interface CallLimit {
  /** Why a call of this RPC would be rejected now; undefined when there is room for it. */
  rejection(method: DescMethod): Failure | undefined;
  readonly interceptor: Interceptor;
  /** Calls whose work has not ended. */
  readonly inProgress: number;
}

/**
 * Bounds the calls in progress, and rejects the others before they cost anything. A call counts until its
 * work has ended, also when its client has disconnected or its deadline has passed and a thread still works
 * for it.
 *
 * @param always services that are not limited
 */
export function limitCalls(maxCalls: number, always: readonly DescService[]): CallLimit {
  let inProgress = 0;
  const rejection = ({ methodKind, parent }: DescMethod) =>
    inProgress < maxCalls || methodKind !== "unary" || always.includes(parent)
      ? undefined
      : new Failure("UNBLOCK_CALLS_FULL", { in_progress: inProgress });
  const admit = async (request: UnaryRequest, next: ReturnType<Interceptor>) => {
    const rejected = rejection(request.method);
    if (rejected !== undefined) {
      throw rejected;
    }
    inProgress++;
    try {
      return await next(request);
    } finally {
      const rest = request.signal.aborted ? workGoingOn(request.signal) : undefined;
      if (rest === undefined) {
        inProgress--;
      } else {
        void rest.then(() => {
          inProgress--;
        });
      }
    }
  };
  return {
    rejection,
    interceptor: (next) => (request) =>
      request.stream || always.includes(request.service) ? next(request) : admit(request, next),
    get inProgress() {
      return inProgress;
    },
  };
}

/** Max streams that are open at once. */
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

  /** @param what name of the streams in error messages, such as "streams" */
  constructor(limits: StreamLimits, what: string) {
    this.#limits = limits;
    this.#what = what;
  }

  /**
   * Counts a stream until its signal aborts, as Connect's does at the end of each stream.
   *
   * @returns why the stream is rejected; undefined when there is room for it
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
