import { setTimeout as sleep } from "node:timers/promises";
import { listen, type TlsConfig } from "@unblock/connect/listener/listener";
import { readPage } from "@unblock/connect/non-rpc";
import { loadTracing } from "@unblock/connect/observability/tracing";
import { TimedOut, withTimeout } from "@unblock/executors/waiting";
import { EventLoopVitals } from "@unblock/measure/event-loop";
import { services } from "@unblock/proto/methods";
import { createLogger, redactText } from "@unblock/terminal/logger";
import { completeConfig, type ServerConfig } from "./config.ts";
import { createHandler } from "./handler.ts";
import { Lab } from "./lab/lab.ts";
import { openResources } from "./resources.ts";
import { HealthStatus } from "./services/health.ts";
import { type RehearsalResources, warmUp } from "./warm-up.ts";

/**
 * Time between telling health watchers that the server stops and closing connections, so that
 * clients can send their next calls elsewhere.
 */
const healthNoticeMs = 100;
/**
 * Time that calls in progress have to end when the server closes. Together with the background
 * tasks' time, and on a busy machine, it stays below the limit in signals.ts.
 */
const drainCallsMs = 4_500;
/**
 * Time that requests that are still arriving have to be complete. Longer than the time HTTP/2
 * clients get to read that they should send no more.
 */
const arrivingRequestsMs = 1_000;
/** Time that cancelled calls have to send their responses. */
const finalResponsesMs = 2_000;

export interface UnblockServer {
  /** `http://host:port` */
  readonly url: string;
  /**
   * The page's address for a browser on this machine; undefined when the page has not been built.
   */
  readonly pageUrl: string | undefined;
  /**
   * Uses other certificates for new connections, with a client authority if there was one before.
   */
  replaceTls(tls: TlsConfig): void;
  /**
   * Reports NOT_SERVING and continues to serve for the notice; then accepts no new calls and waits
   * for those in progress and for background tasks, 7.5 s at most together; then stops threads,
   * processes and backends, and removes temporary files.
   */
  close(): Promise<void>;
}

/**
 * Starts the service with its executors and backends, warms it up and resolves when it serves.
 *
 * @throws RangeError for an option out of range; the system's error when it can't listen; Error
 *   when the warm-up fails
 */
export async function createServer(config: Partial<ServerConfig> = {}): Promise<UnblockServer> {
  const given = completeConfig(config);
  const log = (message: string) => given.log(redactText(message));
  const complete = { ...given, log };
  const { host, tls } = complete;
  const tracing = await loadTracing(log);
  const page = await readPage(complete.pageFolder);
  const resources = await openResources(complete);
  await using opened = new AsyncDisposableStack();
  opened.defer(() => resources.close());
  const eventLoop = new EventLoopVitals();
  opened.defer(() => eventLoop.close());
  const shutdown = new AbortController();
  const drain = new AbortController();
  const health = new HealthStatus(services.map(({ typeName }) => typeName));
  let port = 0;
  const reachableUrl = () => urlOf({ host: reachableHost(host), port, tls });
  const lab = new Lab({
    baseUrl: reachableUrl,
    slots: () =>
      Object.fromEntries(
        Object.values(resources.executors).map((executor) => [
          executor.name,
          executor.vitals().size,
        ]),
      ),
    eventLoop,
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
    signalEndsWithCall: complete.signalEndsWithCall,
    shutdownSignal: shutdown.signal,
    drainSignal: drain.signal,
  };
  if (complete.warmUp) {
    const createRehearsal = ({ exercises, ...vitals }: RehearsalResources) =>
      createHandler({
        ...handlerConfig,
        exercises,
        vitals,
        logger: createLogger("silent", given.log),
      });
    await warmUp(resources, complete, createRehearsal);
  }
  const handler = createHandler({
    ...handlerConfig,
    exercises: resources.exercises,
    vitals: { eventLoop, executors: resources.executors, backends: resources.backends },
    defaultTimeoutMs: complete.defaultTimeoutMs,
    maxTimeoutMs: complete.maxTimeoutMs,
    logger: createLogger(complete.logLevel, given.log),
    tracing,
  });
  const listener = await listen(
    { host, port: complete.port, tls, connectionLimits: complete, http2: complete.http2, log },
    handler,
  );
  port = listener.port;
  const started = opened.move();

  return {
    url: urlOf({ host, port, tls }),
    pageUrl: page.size > 0 ? `${reachableUrl()}/` : undefined,
    replaceTls: listener.replaceTls,
    close: async () => {
      lab.close();
      const isWatched = health.watchers > 0;
      health.stop();
      const noticeMs = Math.max(complete.shutdownNoticeMs, isWatched ? healthNoticeMs : 0);
      if (noticeMs > 0) {
        await sleep(noticeMs);
      }
      const drained = listener.drain();
      const { reason } = health.stopSignal;
      if (!(await endsWithin(drained, arrivingRequestsMs))) {
        drain.abort(reason);
      }
      if (await endsWithin(drained, drainCallsMs - arrivingRequestsMs)) {
        await started.disposeAsync();
        return;
      }
      log(`Some calls did not end within ${drainCallsMs} ms and are cut off.`);
      // Also cancels calls that wait in an executor's queue.
      shutdown.abort(reason);
      // Cancelled calls need neither executors nor backends, whose end frees the cores.
      const isDrained = endsWithin(drained, finalResponsesMs);
      await Promise.all([started.disposeAsync(), isDrained.then((is) => is || listener.cut())]);
    },
  };
}

function urlOf({ host, port, tls }: Pick<ServerConfig, "host" | "port" | "tls">): string {
  return `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Address that reaches a server on this machine: a wildcard address can't be called. */
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

async function endsWithin(ended: Promise<void>, withinMs: number): Promise<boolean> {
  try {
    await withTimeout(withinMs, ended);
    return true;
  } catch (error) {
    if (error instanceof TimedOut) {
      return false;
    }
    throw error;
  }
}
