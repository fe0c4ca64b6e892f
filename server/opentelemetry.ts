/** OpenTelemetry's API: there for those who have registered an SDK, not even loaded for all others. */
export type OpenTelemetry = typeof import("@opentelemetry/api");

/** Request headers that tell a backend which trace a call belongs to: W3C's, or what the SDK is set to. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** Where every copy of the API finds what was registered with one of them. */
const registryKey = Symbol.for("opentelemetry.js.api.1");

let opentelemetry: OpenTelemetry | undefined;

/**
 * Loads the API when an SDK has been registered in this thread, which must have been before:
 * `node --import ./their-sdk.mjs server/main.ts`.
 *
 * @param log told of an SDK that cannot be used
 * @returns undefined when there is nothing to trace with
 */
export async function loadOpenTelemetry(
  log: (message: string) => void,
): Promise<OpenTelemetry | undefined> {
  const registry: unknown = Reflect.get(globalThis, registryKey);
  if (typeof registry !== "object" || registry === null || !("trace" in registry)) {
    return undefined;
  }
  const loaded = await import("@opentelemetry/api");
  // The API ignores what an older copy of it has registered, and says nothing.
  if (loaded.trace.getTracerProvider() !== registry.trace) {
    const theirs = "version" in registry ? registry.version : "unknown";
    log(
      `Calls are not traced: the OpenTelemetry SDK is registered with version ${theirs} of ` +
        "@opentelemetry/api, which is older than this server's. Register it with the server's own: " +
        "keep the module that does so in this project's folder, and no other copy of the API.",
    );
    return undefined;
  }
  opentelemetry = loaded;
  return loaded;
}

/** Tells which span is active; undefined when nothing is traced. */
export function traceHeaders(): TraceHeaders | undefined {
  if (opentelemetry === undefined) {
    return undefined;
  }
  const headers: Record<string, string> = {};
  opentelemetry.propagation.inject(opentelemetry.context.active(), headers);
  return headers;
}

/** The active span, as log lines name it; undefined when there is none. */
export function traceIds(): { readonly trace_id: string; readonly span_id: string } | undefined {
  const span = opentelemetry?.trace.getActiveSpan()?.spanContext();
  return span && { trace_id: span.traceId, span_id: span.spanId };
}
