import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { expect, vi } from "vitest";

/** OpenTelemetry's SDK with the spans in memory. */
export interface Telemetry {
  /** Spans that have ended since the last reset, in the order of their ends. */
  spans(): readonly ReadableSpan[];
  /** The same, once there are at least `count`. */
  ended(count: number): Promise<readonly ReadableSpan[]>;
  /** The only span; fails if there are others. */
  onlySpan(): Promise<ReadableSpan>;
  reset(): void;
  /** Restores the API to its unregistered state. */
  unregister(): void;
}

/** To be called before a server to be traced starts. */
export function registerTelemetry(): Telemetry {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  propagation.setGlobalPropagator(
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    }),
  );
  const spans = () => exporter.getFinishedSpans();
  const ended = async (count: number) => {
    await vi.waitUntil(() => spans().length >= count, { timeout: 20_000, interval: 20 });
    return spans();
  };
  return {
    spans,
    ended,
    onlySpan: async () => {
      const [span, ...others] = await ended(1);
      expect(others).toEqual([]);
      if (span === undefined) {
        throw new Error("Expected a span, got none");
      }
      return span;
    },
    reset: () => exporter.reset(),
    unregister: () => {
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}
