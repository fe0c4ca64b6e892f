import { Code, type ContextValues, createContextKey } from "@connectrpc/connect";
import type { Logger } from "pino";
import { callerKey } from "../adapter/exchange.ts";
import type { CallObserver } from "../adapter/routes.ts";
import { codeName } from "../code-name.ts";
import type { Metrics } from "./metrics.ts";
import { traceIds } from "./opentelemetry.ts";

const traceKey = createContextKey<ReturnType<typeof traceIds>>(undefined, {
  description: "the call's span",
});
/** Codes of failures that are the server's fault. */
export const blamed: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.Internal,
  Code.DataLoss,
  Code.Unavailable,
]);

/** The request id that the response carries. */
export function requestIdOf(values: ContextValues): string {
  return values.get(callerKey)?.requestId ?? "unknown";
}

/** Remembers the active span for the call's log line, which is written when the span may be inactive. */
export function noteTrace(values: ContextValues): void {
  const ids = traceIds();
  if (ids !== undefined) {
    values.set(traceKey, ids);
  }
}

export interface RequestObserver extends CallObserver {
  /** Counts and logs a request that names no RPC. @param path truncated to a bounded length */
  unknownRpc(path: string): void;
}

/**
 * Counts, times and logs every request for an RPC. The log has the calls that fail by the server's fault; at
 * the level "debug" it has all calls, with their headers.
 */
export function observeRequests(
  metrics: Pick<Metrics, "observer" | "unknownRpc">,
  logger: Logger,
): RequestObserver {
  return {
    began: metrics.observer.began,
    ended: (call, error) => {
      metrics.observer.ended(call, error);
      const isBlamed = error !== undefined && call.isReached && blamed.has(error.code);
      const logsAll = logger.isLevelEnabled("debug");
      if (!isBlamed && !logsAll) {
        return;
      }
      const { method, requestHeader, values, beganMs } = call;
      const line = {
        request_id: requestIdOf(values),
        ...values.get(traceKey),
        rpc: `${method.parent.typeName}/${method.name}`,
        code: error === undefined ? "ok" : codeName(error.code),
        duration_ms: Math.round((performance.now() - beganMs) * 1_000) / 1_000,
        ...(error === undefined ? {} : { message: error.rawMessage }),
        ...(logsAll ? { headers: Object.fromEntries(requestHeader) } : {}),
      };
      logger[isBlamed ? "error" : "debug"](line, "call");
    },
    unknownRpc: (path) => {
      metrics.unknownRpc();
      logger.debug({ path, code: codeName(Code.Unimplemented) }, "unknown RPC");
    },
  };
}
