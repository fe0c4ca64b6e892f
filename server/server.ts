import { openEmbeddedBackends } from "./backends/embedded/embedded.ts";
import { completeConfig, type ServerConfig } from "./config.ts";
import { loadExercises } from "./exercises/load.ts";
import { createPlaces } from "./places/index.ts";
import { createHandler } from "./rpc/handler.ts";
import { listen } from "./rpc/listener.ts";
import { EventLoopVitals } from "./vitals/event-loop.ts";

/** How long calls in progress may take to end when the server closes, in milliseconds. */
const drainCallsMs = 6_000;
/** How long background tasks may take after that. */
const drainBackgroundMs = 3_000;

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
  const { host, port, log } = complete;
  // The threads start while the backends do.
  const places = createPlaces(complete);
  const shutdown = new AbortController();
  const backends = await openEmbeddedBackends(complete);
  const eventLoop = new EventLoopVitals();

  const closeHouse = async () => {
    eventLoop.close();
    await places.background.close(drainBackgroundMs);
    // Before the threads: one that is blocked on a backend is freed by its end.
    await backends.close();
    const { background: _, ...others } = places;
    await Promise.all(Object.values(others).map((place) => place.close()));
  };

  try {
    const exercises = await loadExercises({ places, backends });
    const handler = createHandler({
      exercises,
      vitals: { eventLoop, places, backends },
      shutdownSignal: shutdown.signal,
      log,
    });
    const listener = await listen(host, port, handler);
    return {
      url: `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}`,
      close: async () => {
        const timer = setTimeout(() => {
          log(`Some calls did not end within ${drainCallsMs} ms and are cut off.`);
          shutdown.abort(new Error("the server is shutting down"));
          setTimeout(() => listener.cut(), 250);
        }, drainCallsMs);
        await listener.drain();
        clearTimeout(timer);
        await closeHouse();
      },
    };
  } catch (error) {
    await closeHouse();
    throw error;
  }
}
