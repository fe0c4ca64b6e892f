import type { ServerHttp2Stream } from "node:http2";
import { afterAll, afterEach, beforeAll } from "vitest";
import { idleLab, openTestHouse, type TestHouse } from "../../../testing/house.ts";
import { createLogger } from "../../logger.ts";
import type { Places } from "../../places/index.ts";
import { EventLoopVitals } from "../../vitals/event-loop.ts";
import { createHandler } from "../handler.ts";
import type { StreamLimits } from "../interceptors/stream-limit.ts";
import {
  type ConnectionLimits,
  defaultConnectionLimits,
  defaultTimeLimits,
  type TimeLimits,
} from "../listener/limits.ts";
import { listen, type TlsConfig } from "../listener/listener.ts";
import { HealthStatus } from "../services/health.ts";

export interface ImpatientOptions {
  /** Those that are not given are the usual ones, which no test meets. */
  readonly timeLimits?: Partial<TimeLimits>;
  readonly connectionLimits?: Partial<ConnectionLimits>;
  readonly tls?: TlsConfig;
  readonly directLane?: boolean;
  readonly streamLimits?: StreamLimits;
  readonly reflectionIdleMs?: number;
}

/** The real server on a free port, of which a test can meet the limits. */
export interface ImpatientServer {
  readonly url: string;
  readonly port: number;
  readonly health: HealthStatus;
  readonly places: Places;
  /** How many connections calls came on so far. */
  usedConnections(): number;
  /** What it holds for its callers. */
  holds(): { readonly connections: number; readonly streams: number };
}

/** All that a test needs to start such servers; they are closed after it. */
export function impatientServers(): (options: ImpatientOptions) => Promise<ImpatientServer> {
  const closers: (() => Promise<void>)[] = [];
  let house: TestHouse;
  beforeAll(async () => {
    house = await openTestHouse();
  });
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()));
  });
  afterAll(() => house.close());

  return async ({
    timeLimits = {},
    connectionLimits = {},
    tls,
    directLane = true,
    ...handlerLimits
  }) => {
    const limits = { ...defaultTimeLimits, ...timeLimits };
    const eventLoop = new EventLoopVitals();
    const health = new HealthStatus([]);
    const shutdown = new AbortController();
    const streams = new Set<ServerHttp2Stream>();
    const peers = new Set<number | undefined>();
    const { handleRequest, handleStream } = createHandler({
      exercises: house.exercises,
      vitals: { eventLoop, places: house.places, backends: house.backends },
      lab: idleLab(),
      progressFile: "",
      page: new Map(),
      health,
      maxCalls: 1_000,
      corsOrigins: [],
      requestTimeoutMs: limits.requestMs,
      directLane,
      ...handlerLimits,
      shutdownSignal: shutdown.signal,
      logger: createLogger("silent", () => {}),
    });
    const listener = await listen(
      {
        host: "127.0.0.1",
        port: 0,
        tls,
        timeLimits: limits,
        connectionLimits: { ...defaultConnectionLimits, ...connectionLimits },
      },
      {
        handleRequest: (request, response) => {
          peers.add(request.socket.remotePort);
          handleRequest(request, response);
        },
        handleStream: (stream, ...rest) => {
          peers.add(stream.session?.socket.remotePort);
          streams.add(stream);
          stream.once("close", () => streams.delete(stream));
          handleStream(stream, ...rest);
        },
      },
    );
    closers.push(async () => {
      listener.cut();
      await listener.drain();
      eventLoop.close();
    });
    return {
      url: `${tls ? "https" : "http"}://127.0.0.1:${listener.port}`,
      port: listener.port,
      health,
      places: house.places,
      usedConnections: () => peers.size,
      holds: () => ({ connections: listener.connections, streams: streams.size }),
    };
  };
}
