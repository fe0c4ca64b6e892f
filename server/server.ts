import { Code, ConnectError } from "@connectrpc/connect";
import { services } from "../registry/methods.ts";
import { completeConfig, type ServerConfig } from "./config.ts";
import { openHouse } from "./house.ts";
import { createLogger } from "./logger.ts";
import { createHandler } from "./rpc/handler.ts";
import { listen } from "./rpc/listener/listener.ts";
import { HealthStatus } from "./rpc/services/health.ts";
import { EventLoopVitals } from "./vitals/event-loop.ts";

/** How long calls in progress may take to end when the server closes, in milliseconds. */
const drainCallsMs = 6_000;
/** How long those that are told to end may take to say so, in milliseconds. */
const lastWordsMs = 250;

export interface UnblockServer {
  /** `http://host:port` */
  readonly url: string;
  /**
   * Takes no new calls, lets those in progress and the background tasks end (9 s at most together),
   * then stops threads, processes and backends, and removes what was written.
   */
  close(): Promise<void>;
}

/**
 * Starts the service with its places and backends. Resolves when it answers.
 *
 * @throws RangeError for an option out of range, and the system's error when the port can't be had
 */
export async function createServer(config: Partial<ServerConfig> = {}): Promise<UnblockServer> {
  const complete = completeConfig(config);
  const { host, port, tls, log } = complete;
  const house = await openHouse(complete);
  const eventLoop = new EventLoopVitals();
  const shutdown = new AbortController();
  const health = new HealthStatus(services.map(({ typeName }) => typeName));
  const handler = createHandler({
    exercises: house.exercises,
    vitals: { eventLoop, places: house.places, backends: house.backends },
    health,
    maxCalls: complete.maxCalls,
    corsOrigins: complete.corsOrigins,
    directLane: complete.directLane,
    shutdownSignal: shutdown.signal,
    logger: createLogger(complete.logLevel, (line) => log(line.trimEnd())),
  });
  const closeHouse = async () => {
    eventLoop.close();
    await house.close();
  };
  const listener = await listen({ host, port, tls }, handler).catch(async (error: unknown) => {
    await closeHouse();
    throw error;
  });

  return {
    url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${listener.port}`,
    close: async () => {
      health.stop();
      const timer = setTimeout(() => {
        log(`Some calls did not end within ${drainCallsMs} ms and are cut off.`);
        shutdown.abort(new ConnectError("The server is shutting down.", Code.Unavailable));
        setTimeout(() => listener.cut(), lastWordsMs);
      }, drainCallsMs);
      await listener.drain();
      clearTimeout(timer);
      await closeHouse();
    },
  };
}
