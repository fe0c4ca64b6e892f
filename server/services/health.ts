import { once } from "node:events";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ConnectRouter,
  ConnectRouterOptions,
  HandlerContext,
  ServiceImpl,
} from "@connectrpc/connect";
import { inflateOnEventLoop } from "@unblock/connect/adapter/compression";
import { toConnectError } from "@unblock/connect/interceptors/errors";
import { Failure } from "@unblock/errors/failure";
import { quote } from "@unblock/errors/quote";
import {
  Health,
  type HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from "@unblock/proto/gen/health/v1/health_pb";

type Response = MessageInitShape<typeof HealthCheckResponseSchema>;

/**
 * Options of services that respond when everything else hangs. zlib works in libuv's pool, which may be full:
 * their responses are not compressed, and their requests are small enough to be inflated on the event loop.
 */
export const withoutLibuvPool: ConnectRouterOptions = {
  acceptCompression: inflateOnEventLoop,
  compressMinBytes: Number.MAX_SAFE_INTEGER,
  readMaxBytes: 16 * 1024,
};

/** Serving status of the server and its services, which serve until the server stops. */
export class HealthStatus {
  readonly services: readonly string[];
  /** Open streams that wait for the server to stop. */
  watchers = 0;
  readonly #stopping = new AbortController();
  /** Aborts when the server stops, with the error that ends open streams and calls. */
  readonly stopSignal = this.#stopping.signal;

  /** @param services full names of the services; the empty name stands for the server */
  constructor(services: readonly string[]) {
    this.services = ["", ...services];
  }

  statusOf(service: string): ServingStatus {
    if (!this.services.includes(service)) {
      return ServingStatus.SERVICE_UNKNOWN;
    }
    return this.stopSignal.aborted ? ServingStatus.NOT_SERVING : ServingStatus.SERVING;
  }

  stop(): void {
    this.#stopping.abort(toConnectError(new Failure("UNBLOCK_SHUTTING_DOWN", {})));
  }

  /** Resolves when the server stops or the signal aborts. */
  async stopped(signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.stopSignal]);
    this.watchers++;
    if (!ended.aborted) {
      await once(ended, "abort");
    }
    this.watchers--;
  }
}

/**
 * Serves the health checks of load balancers and orchestrators.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
export function routeHealth(router: ConnectRouter, health: HealthStatus): void {
  const implementation: ServiceImpl<typeof Health> = {
    check: ({ service }): Response => {
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

    /** Sends the status and its changes, also of an unknown service, which a later version may have. */
    watch: async function* ({ service }, { signal }: HandlerContext): AsyncGenerator<Response> {
      yield { status: health.statusOf(service) };
      if (!health.stopSignal.aborted) {
        await health.stopped(signal);
        signal.throwIfAborted();
        // The last response: the server can't wait until its watchers leave.
        yield { status: health.statusOf(service) };
      }
    },
  };
  router.service(Health, implementation, withoutLibuvPool);
}
