import { setTimeout as sleep } from "node:timers/promises";
import { services } from "../registry/methods.ts";
import { completeConfig, type ServerConfig } from "./config.ts";
import { Failure } from "./errors.ts";
import { openHouse } from "./house.ts";
import { Lab } from "./lab/lab.ts";
import { createLogger, redactText } from "./logger.ts";
import { createHandler } from "./rpc/handler.ts";
import { type Listener, listen, type TlsConfig } from "./rpc/listener/listener.ts";
import { loadTracing } from "./rpc/observability/tracing.ts";
import { readPage } from "./rpc/page/page-files.ts";
import { HealthStatus } from "./rpc/services/health.ts";
import { EventLoopVitals } from "./vitals/event-loop.ts";
import { type RehearsalHouse, warmUp } from "./warm-up.ts";

/**
 * How long those who watch the health know that the server stops before the connections say so, in
 * milliseconds: their next calls go elsewhere already.
 */
const headStartMs = 100;
/**
 * How long calls in progress may take to end when the server closes, in milliseconds. With what the
 * background tasks may take after them, and a busy machine, it stays below the give-up time of
 * signals.ts.
 */
const drainCallsMs = 4_500;
/**
 * How long requests that are on their way when the server closes may take to be complete, in milliseconds. It
 * is longer than callers over HTTP/2 are given to read that they are to send no more.
 */
const requestsOnTheirWayMs = 1_000;
/** How long those that are told to end may take to say so to their callers, in milliseconds. */
const lastWordsMs = 2_000;

export interface UnblockServer {
  /** `http://host:port` */
  readonly url: string;
  /** Where a browser of this machine finds the page; undefined when it has not been built. */
  readonly pageUrl: string | undefined;
  /** Other certificates for new connections, with an authority for callers if it had one; the others stay. */
  replaceTls(tls: TlsConfig): void;
  /**
   * Says NOT_SERVING and serves on for the notice, then takes no new calls, lets those in progress and the background tasks end (7.5 s at most together),
   * then stops threads, processes and backends, and removes what was written.
   */
  close(): Promise<void>;
}

/**
 * Starts the service with its places and backends, and warms it up. Resolves when it answers.
 *
 * @throws RangeError for an option out of range, the system's error when the port can't be had, and Error
 *   when the warm-up fails
 */
export async function createServer(config: Partial<ServerConfig> = {}): Promise<UnblockServer> {
  const given = completeConfig(config);
  const log = (message: string) => given.log(redactText(message));
  const complete = { ...given, log };
  const { host, tls } = complete;
  const tracing = await loadTracing(log);
  const page = await readPage(complete.pageFolder);
  const house = await openHouse(complete);
  const shutdown = new AbortController();
  const drain = new AbortController();
  const health = new HealthStatus(services.map(({ typeName }) => typeName));
  let port = 0;
  const reachableUrl = () => urlOf({ host: reachableHost(host), port, tls });
  const lab = new Lab({
    baseUrl: reachableUrl,
    seats: () =>
      Object.fromEntries(
        Object.values(house.places).map((place) => [place.name, place.vitals().size]),
      ),
    runsFolder: complete.runsFolder,
    log,
  });
  const handlerConfig = {
    lab: {
      runs: lab,
      guard: {
        host,
        port: () => port,
        token: complete.token,
        replicas: complete.replicas,
        needsCertificate: tls?.clientCa !== undefined,
      },
    },
    progressFile: complete.progressFile,
    page,
    health,
    maxCalls: complete.maxCalls,
    corsOrigins: complete.corsOrigins,
    directLane: complete.directLane,
    shutdownSignal: shutdown.signal,
    drainSignal: drain.signal,
  };
  if (complete.warmUp) {
    const createRehearsal = ({ exercises, ...vitals }: RehearsalHouse) =>
      createHandler({
        ...handlerConfig,
        exercises,
        vitals,
        logger: createLogger("silent", given.log),
      });
    await warmUp(house, complete, createRehearsal).catch(async (error: unknown) => {
      await house.close();
      throw error;
    });
  }
  const eventLoop = new EventLoopVitals();
  const handler = createHandler({
    ...handlerConfig,
    exercises: house.exercises,
    vitals: { eventLoop, places: house.places, backends: house.backends },
    defaultTimeoutMs: complete.defaultTimeoutMs,
    maxTimeoutMs: complete.maxTimeoutMs,
    logger: createLogger(complete.logLevel, given.log),
    tracing,
  });
  const closeHouse = async () => {
    eventLoop.close();
    await house.close();
  };
  const listener = await listen(
    { host, port: complete.port, tls, connectionLimits: complete, log },
    handler,
  ).catch(async (error: unknown) => {
    await closeHouse();
    throw error;
  });

  port = listener.port;

  return {
    url: urlOf({ host, port, tls }),
    pageUrl: page.size > 0 ? `${reachableUrl()}/` : undefined,
    replaceTls: listener.replaceTls,
    close: async () => {
      lab.close();
      const isWatched = health.watchers > 0;
      health.stop();
      const noticeMs = Math.max(complete.shutdownNoticeMs, isWatched ? headStartMs : 0);
      if (noticeMs > 0) {
        await sleep(noticeMs);
      }
      const drained = listener.drain();
      const reason = new Failure("UNBLOCK_SHUTTING_DOWN", {});
      if (!(await endsWithin(drained, requestsOnTheirWayMs))) {
        drain.abort(reason);
      }
      if (await endsWithin(drained, drainCallsMs - requestsOnTheirWayMs)) {
        await closeHouse();
        return;
      }
      log(`Some calls did not end within ${drainCallsMs} ms and are cut off.`);
      // Also takes those that wait for a place out of its queue.
      shutdown.abort(reason);
      // They need nothing of the house any more, and it frees the cores for their answers.
      await Promise.all([closeHouse(), cutAfterLastWords(listener, drained)]);
    },
  };
}

function urlOf({ host, port, tls }: Pick<ServerConfig, "host" | "port" | "tls">): string {
  return `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Where this machine reaches a server that listens there: every address is none to call. */
function reachableHost(host: string): string {
  switch (host) {
    case "0.0.0.0":
      return "127.0.0.1";
    case "::":
      return "::1";
    default:
      return host;
  }
}

async function cutAfterLastWords(listener: Listener, drained: Promise<void>): Promise<void> {
  if (!(await endsWithin(drained, lastWordsMs))) {
    listener.cut();
  }
}

async function endsWithin(ended: Promise<void>, withinMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(withinMs, false, { signal: timer.signal });
  try {
    return await Promise.race([ended.then(() => true), late]);
  } finally {
    // Nobody waits for what the timer says of its end.
    late.catch(() => {});
    timer.abort();
  }
}
