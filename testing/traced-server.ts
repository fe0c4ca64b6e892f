import { loadExercises } from "../server/exercises/exercise.ts";
import { createLogger } from "../server/logger.ts";
import { createHandler } from "../server/rpc/handler.ts";
import { listen } from "../server/rpc/listener/listener.ts";
import { loadTracing } from "../server/rpc/observability/tracing.ts";
import { HealthStatus } from "../server/rpc/services/health.ts";
import { EventLoopVitals } from "../server/vitals/event-loop.ts";
import { idleLab, openTestHouse } from "./house.ts";
import { type RecordingBackend, serveRecording } from "./recording-backend.ts";
import { never } from "./tasks.ts";
import { registerTelemetry, type Telemetry } from "./telemetry.ts";

/** A server that OpenTelemetry's SDK traces. */
export interface TracedServer {
  readonly url: string;
  readonly telemetry: Telemetry;
  /** Serves weather, analytics, the five services of the dashboard, and invalid images. */
  readonly backend: RecordingBackend;
  /** Lines of the log. */
  readonly logged: readonly Record<string, unknown>[];
  close(): Promise<void>;
}

/** @param directLane whether unary calls take the adapter's fast path */
export async function startTracedServer(directLane = true): Promise<TracedServer> {
  const telemetry = registerTelemetry();
  const backend = await serveRecording();
  backend.answers.set("/weather", { temperature: 7, conditions: "rain" });
  backend.answers.set("/analytics", { status: "logged" });
  const dashboard = [1, 2, 3, 4, 5].map((number) => `/service-${number}`);
  for (const path of dashboard) {
    backend.answers.set(path, { data: path });
  }
  backend.answers.set("/images/cat.png", "no picture");
  const house = await openTestHouse();
  const addresses = () => ({
    ...house.backends.addresses(),
    weatherUrl: `${backend.url}/weather`,
    analyticsUrl: `${backend.url}/analytics`,
    dashboardUrls: dashboard.map((path) => `${backend.url}${path}`),
    imageHosts: { "example.com": `${backend.url}/images` },
  });
  const backends = { ...house.backends, addresses };
  const eventLoop = new EventLoopVitals();
  const logged: Record<string, unknown>[] = [];
  const handler = createHandler({
    exercises: await loadExercises({ places: house.places, backends }),
    vitals: { eventLoop, places: house.places, backends },
    lab: idleLab(),
    progressFile: "",
    page: new Map(),
    health: new HealthStatus([]),
    maxCalls: 100,
    corsOrigins: [],
    directLane,
    shutdownSignal: never,
    logger: createLogger("info", (line) => logged.push(JSON.parse(line))),
    tracing: await loadTracing((message) => logged.push({ message })),
  });
  const listener = await listen({ host: "127.0.0.1", port: 0 }, handler);
  return {
    url: `http://127.0.0.1:${listener.port}`,
    telemetry,
    backend,
    logged,
    close: async () => {
      listener.cut();
      await listener.drain();
      eventLoop.close();
      await house.close();
      await backend.close();
      telemetry.unregister();
    },
  };
}
