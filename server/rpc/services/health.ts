import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type HandlerContext,
  type ServiceImpl,
} from "@connectrpc/connect";
import {
  Health,
  type HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "../../../gen/health/v1/health_pb.ts";
import { Failure } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { answersWithoutPool } from "../wire-formats.ts";

type Answer = MessageInitShape<typeof HealthCheckResponseSchema>;

/** Whether the server and its services take calls; they do until it stops. */
export class HealthStatus {
  readonly #services: ReadonlySet<string>;
  readonly #watchers = new Set<() => void>();
  readonly #stopping = new AbortController();

  /** @param services their full names; the empty name stands for the whole server */
  constructor(services: readonly string[]) {
    this.#services = new Set(["", ...services]);
  }

  get isStopped(): boolean {
    return this.stopSignal.aborted;
  }

  /** Aborts when the server stops, with what to tell those whose streams end by it. */
  get stopSignal(): AbortSignal {
    return this.#stopping.signal;
  }

  get services(): readonly string[] {
    return [...this.#services];
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  statusOf(service: string): ServingStatus {
    if (!this.#services.has(service)) {
      return ServingStatus.SERVICE_UNKNOWN;
    }
    return this.isStopped ? ServingStatus.NOT_SERVING : ServingStatus.SERVING;
  }

  /** From now on nothing is served, for good. */
  stop(): void {
    this.#stopping.abort(new ConnectError("The server is shutting down.", Code.Unavailable));
    for (const tell of this.#watchers) {
      tell();
    }
  }

  /** Resolves when the server stops or the signal aborts. */
  stopped(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      this.#watchers.delete(end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    this.#watchers.add(end);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted || this.isStopped) {
      end();
    }
    return promise;
  }
}

/**
 * Tells load balancers and orchestrators whether to send calls here.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function routeHealth(router: ConnectRouter, health: HealthStatus): void {
  const implementation: ServiceImpl<typeof Health> = {
    check: ({ service }): Answer => {
      const status = health.statusOf(service);
      if (status === ServingStatus.SERVICE_UNKNOWN) {
        const known = health.services.filter((name) => name !== "").join(", ");
        throw new Failure("UNBLOCK_SERVICE_UNKNOWN", { service: quote(service), known });
      }
      return { status };
    },

    list: () => ({
      statuses: Object.fromEntries(
        health.services.map((name) => [name, { status: health.statusOf(name) }]),
      ),
    }),

    /** The status now, and each change of it. Of an unknown service, too: it may come with another version. */
    watch: async function* ({ service }, { signal }: HandlerContext): AsyncGenerator<Answer> {
      yield { status: health.statusOf(service) };
      if (!health.isStopped) {
        await health.stopped(signal);
        signal.throwIfAborted();
        // The stream ends with it: a server that waits for its watchers to leave would never end.
        yield { status: health.statusOf(service) };
      }
    },
  };
  router.service(Health, implementation, answersWithoutPool);
}
