import {
  type Client,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { LabService } from "@unblock/proto/gen/lab";
import { VitalsService } from "@unblock/proto/gen/vitals";

export const protocols = ["connect", "grpc", "grpc-web"] as const;
export type Protocol = (typeof protocols)[number];

export interface ClientOptions {
  /** Such as "http://127.0.0.1:8080". */
  readonly baseUrl: string;
  /** Default "connect". Each protocol uses one HTTP/2 connection. */
  readonly protocol?: Protocol;
  /** Strategy that does the work. Default: the one that the schema recommends for each exercise. */
  readonly strategy?: string;
}

/**
 * A client of ExercisesService, typed by the schema.
 *
 * @example
 * const unblock = createUnblockClient({ baseUrl: "http://127.0.0.1:8080", strategy: "blocking-pool" });
 * const { name } = await unblock.getUser({ userId: 1 });
 */
export function createUnblockClient(options: ClientOptions): Client<typeof ExercisesService> {
  return createClient(ExercisesService, openConnection(options).transport);
}

/** A client of VitalsService: load and delays of the serving process. */
export function createVitalsClient(options: ClientOptions): Client<typeof VitalsService> {
  return createClient(VitalsService, openConnection(options).transport);
}

/** A client of LabService: races and load tests against the server itself, and their results. */
export function createLabClient(options: ClientOptions): Client<typeof LabService> {
  return createClient(LabService, openConnection(options).transport);
}

/** A connection to a server, for making other clients or closing it explicitly. */
export interface Connection {
  readonly transport: Transport;
  /**
   * Closes the connection at once. Without it, an idle connection stays open for 15 minutes, but
   * does not keep the process alive.
   */
  close(): void;
}

export function openConnection({
  baseUrl,
  protocol = "connect",
  strategy,
}: ClientOptions): Connection {
  const sessionManager = new Http2SessionManager(baseUrl);
  const interceptors = [repeatRejected, ...(strategy === undefined ? [] : [useStrategy(strategy)])];
  const options = {
    baseUrl,
    sessionManager,
    interceptors,
    // The schema's JSON names are the specification's, and `hit: false` is part of a response.
    jsonOptions: { alwaysEmitImplicit: true },
  };
  return {
    transport: createTransport(protocol, options),
    close: () => sessionManager.abort(),
  };
}

type TransportOptions = Parameters<typeof createGrpcTransport>[0];

function createTransport(protocol: Protocol, options: TransportOptions): Transport {
  switch (protocol) {
    case "connect":
      return createConnectTransport({ ...options, httpVersion: "2", useBinaryFormat: false });
    case "grpc":
      return createGrpcTransport(options);
    case "grpc-web":
      return createGrpcWebTransport({ ...options, httpVersion: "2" });
  }
}

function useStrategy(strategy: string): Interceptor {
  return (next) => (request) => {
    request.header.set("unblock-strategy", strategy);
    return next(request);
  };
}

const maxAttempts = 3;

/**
 * Retries unary calls whose HTTP/2 stream was refused: no server has started to work on them. gRPC
 * clients do this themselves; connect-node does not.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.7
 */
export const repeatRejected: Interceptor = (next) => async (request) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await next(request);
    } catch (error) {
      if (request.stream || attempt === maxAttempts || !isRejected(error)) {
        throw error;
      }
    }
  }
};

/** Neither Node nor Connect gives this error a code. */
function isRejected(error: unknown): boolean {
  return error instanceof ConnectError && error.rawMessage.includes("REFUSED_STREAM");
}
