import type { ServerHttp2Stream } from "node:http2";
import type { StreamLimits } from "@unblock/connect/interceptors/overload";
import {
  type ConnectionLimits,
  defaultConnectionLimits,
  defaultTimeLimits,
  type TimeLimits,
} from "@unblock/connect/listener/limits";
import {
  type Http2Implementation,
  listen,
  type TlsConfig,
} from "@unblock/connect/listener/listener";
import type { Executors } from "@unblock/executors";
import type { ServerStream } from "@unblock/http2/server";
import { EventLoopVitals } from "@unblock/measure/event-loop";
import { createLogger } from "@unblock/terminal/logger";
import { idleLab, openTestResources, type TestResources } from "@unblock/test/resources";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { createHandler } from "../handler.ts";
import { HealthStatus } from "../services/health.ts";

export interface ImpatientOptions {
  /** Default: the usual limits, which no test reaches. */
  readonly timeLimits?: Partial<TimeLimits>;
  readonly connectionLimits?: Partial<ConnectionLimits>;
  readonly tls?: TlsConfig;
  readonly http2?: Http2Implementation;
  readonly streamLimits?: StreamLimits;
  readonly reflectionIdleMs?: number;
}

/** The real server on a free port, with limits that a test can reach. */
export interface ImpatientServer {
  readonly url: string;
  readonly port: number;
  readonly health: HealthStatus;
  readonly executors: Executors;
  /** Number of connections that have had calls. */
  usedConnections(): number;
  /** Number of open connections and streams. */
  holds(): { readonly connections: number; readonly streams: number };
}

/** Returns a function that starts servers, which are closed after the test. */
export function impatientServers(): (options: ImpatientOptions) => Promise<ImpatientServer> {
  const closers: (() => Promise<void>)[] = [];
  let resources: TestResources;
  beforeAll(async () => {
    resources = await openTestResources();
  });
  afterEach(async () => {
    await Promise.all(closers.splice(0).map((close) => close()));
  });
  afterAll(() => resources.close());

  return async ({
    timeLimits = {},
    connectionLimits = {},
    tls,
    http2 = "unblock",
    ...handlerLimits
  }) => {
    const limits = { ...defaultTimeLimits, ...timeLimits };
    const eventLoop = new EventLoopVitals();
    const health = new HealthStatus([]);
    const shutdown = new AbortController();
    const streams = new Set<ServerHttp2Stream>();
    const ownStreams = new Set<ServerStream>();
    const peers = new Set<number | undefined>();
    const { handleRequest, handleStream, serveStream } = createHandler({
      exercises: resources.exercises,
      vitals: { eventLoop, executors: resources.executors, backends: resources.backends },
      lab: idleLab(),
      progressFile: "",
      page: new Map(),
      health,
      maxCalls: 1_000,
      corsOrigins: [],
      requestTimeoutMs: limits.requestMs,
      ...handlerLimits,
      shutdownSignal: shutdown.signal,
      logger: createLogger("silent", () => {}),
    });
    const listener = await listen(
      {
        host: "127.0.0.1",
        port: 0,
        tls,
        http2,
        timeLimits: limits,
        connectionLimits: { ...defaultConnectionLimits, ...connectionLimits },
      },
      {
        handleRequest: (request, response) => {
          peers.add(request.socket.remotePort);
          handleRequest(request, response);
        },
        handleStream: (stream, headers) => {
          peers.add(stream.session?.socket.remotePort);
          streams.add(stream);
          stream.once("close", () => streams.delete(stream));
          handleStream(stream, headers);
        },
        serveStream: (stream, socket) => {
          peers.add(socket.remotePort);
          ownStreams.add(stream);
          serveStream(stream, socket);
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
      executors: resources.executors,
      usedConnections: () => peers.size,
      holds: () => ({
        connections: listener.connections,
        streams: streams.size + openOf(ownStreams),
      }),
    };
  };
}

function openOf(streams: ReadonlySet<ServerStream>): number {
  return [...streams].filter(({ isOver }) => !isOver).length;
}

/** Replaces the server's poll timers by the returned function. Everything else is real. */
export function sweepByHand(): () => void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return () => vi.advanceTimersByTime(defaultTimeLimits.requestMs);
}
