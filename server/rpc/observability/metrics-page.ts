import type { ConnectNodeAdapterOptions } from "@connectrpc/connect-node";
import type { Metrics } from "./metrics.ts";

type Fallback = NonNullable<ConnectNodeAdapterOptions["fallback"]>;

/** Serves `/metrics` to Prometheus; what is no RPC either goes on to `next`. */
export function serveMetrics(metrics: Metrics, next: Fallback): Fallback {
  return (request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      next(request, response);
      return;
    }
    request.resume();
    metrics.text().then(
      (text) => {
        response.setHeader("content-type", metrics.contentType);
        response.end(text);
      },
      () => {
        response.statusCode = 500;
        response.end();
      },
    );
  };
}
