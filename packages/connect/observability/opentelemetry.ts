/** OpenTelemetry's API, loaded only if an SDK has been registered. */
export type OpenTelemetry = typeof import("@opentelemetry/api");

/**
 * Request headers that propagate a call's trace to a backend: W3C's, or as the SDK is configured.
 */
export type TraceHeaders = Readonly<Record<string, string>>;

/** Where every copy of the API finds the registered SDK. */
const registryKey = Symbol.for("opentelemetry.js.api.1");

let opentelemetry: OpenTelemetry | undefined;

/**
 * Loads the API if an SDK has been registered in this thread before, as by `node --import
 * ./their-sdk.mjs server/main.ts`.
 *
 * @param log reports an SDK that can't be used
 * @returns undefined when there is no SDK
 */
export async function loadOpenTelemetry(
  log: (message: string) => void,
): Promise<OpenTelemetry | undefined> {
  const registry: unknown = Reflect.get(globalThis, registryKey);
  if (typeof registry !== "object" || registry === null || !("trace" in registry)) {
    return undefined;
  }
  const loaded = await import("@opentelemetry/api");
  // The API silently ignores an SDK that an older copy has registered.
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

/** Headers of the active span; undefined when nothing is traced. */
export function traceHeaders(): TraceHeaders | undefined {
  if (opentelemetry === undefined) {
    return undefined;
  }
  const headers: Record<string, string> = {};
  opentelemetry.propagation.inject(opentelemetry.context.active(), headers);
  return headers;
}

/** Ids of the active span for log lines; undefined when there is none. */
export function traceIds(): { readonly trace_id: string; readonly span_id: string } | undefined {
  const span = opentelemetry?.trace.getActiveSpan()?.spanContext();
  return span && { trace_id: span.traceId, span_id: span.spanId };
}
