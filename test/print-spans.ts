/** Preloaded by programs: registers OpenTelemetry's SDK and prints the spans. */
import { isMainThread } from "node:worker_threads";
import { trace } from "@opentelemetry/api";
import { ConsoleSpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

// Worker threads preload this, too.
if (isMainThread) {
  const exporter = new ConsoleSpanExporter();
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
}
