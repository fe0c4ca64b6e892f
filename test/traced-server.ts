import { listen } from "@unblock/connect/listener/listener";
import { loadTracing } from "@unblock/connect/observability/tracing";
import { loadExercises } from "@unblock/exercises/exercise";
import { EventLoopVitals } from "@unblock/measure/event-loop";
import { createHandler } from "@unblock/server/handler";
import { HealthStatus } from "@unblock/server/services/health";
import { createLogger } from "@unblock/terminal/logger";
import { type RecordingBackend, serveRecording } from "./recording-backend.ts";
import { idleLab, openTestResources } from "./resources.ts";
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

export async function startTracedServer(): Promise<TracedServer> {
  const telemetry = registerTelemetry();
  const backend = await serveRecording();
  backend.answers.set("/weather", { temperature: 7, conditions: "rain" });
  backend.answers.set("/analytics", { status: "logged" });
  const dashboard = [1, 2, 3, 4, 5].map((number) => `/service-${number}`);
  for (const path of dashboard) {
    backend.answers.set(path, { data: path });
  }
  backend.answers.set("/images/cat.png", "no picture");
  const resources = await openTestResources();
  const addresses = () => ({
    ...resources.backends.addresses(),
    weatherUrl: `${backend.url}/weather`,
    analyticsUrl: `${backend.url}/analytics`,
    dashboardUrls: dashboard.map((path) => `${backend.url}${path}`),
    imageHosts: { "example.com": `${backend.url}/images` },
  });
  const backends = { ...resources.backends, addresses };
  const eventLoop = new EventLoopVitals();
  const logged: Record<string, unknown>[] = [];
  const handler = createHandler({
    exercises: await loadExercises({ executors: resources.executors, backends }),
    vitals: { eventLoop, executors: resources.executors, backends },
    lab: idleLab(),
    progressFile: "",
    page: new Map(),
    health: new HealthStatus([]),
    maxCalls: 100,
    corsOrigins: [],
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
      await resources.close();
      await backend.close();
      telemetry.unregister();
    },
  };
}
