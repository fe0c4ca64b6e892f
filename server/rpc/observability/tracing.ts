import type { Interceptor } from "@connectrpc/connect";
import { loadOpenTelemetry } from "../../opentelemetry.ts";

/**
 * What traces calls, for those who have registered an OpenTelemetry SDK; undefined for all others, who
 * neither load it nor pay for it.
 *
 * @param log told of an SDK that cannot be used
 */
export async function loadTracing(
  log: (message: string) => void,
): Promise<Interceptor | undefined> {
  const opentelemetry = await loadOpenTelemetry(log);
  if (opentelemetry === undefined) {
    return undefined;
  }
  const { traceCalls } = await import("./tracing-interceptor.ts");
  return traceCalls(opentelemetry);
}
