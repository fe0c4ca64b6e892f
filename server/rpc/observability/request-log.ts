import { Code, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Logger } from "pino";
import { traceIds } from "../../opentelemetry.ts";
import { callerKey } from "../adapter/caller.ts";
import type { CallObserver } from "../interceptors/outcome.ts";

/** Codes that the server is to blame for. */
export const blamed: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.Internal,
  Code.DataLoss,
  Code.Unavailable,
]);

/** The caller's `x-request-id`, or one made for the call: the response has the same. */
export function requestIdOf(request: UnaryRequest | StreamRequest): string {
  return request.contextValues.get(callerKey)?.requestId ?? "unknown";
}

/** Logs calls that fail by the server's fault; at the level "debug" all calls, with their headers. */
export function logCalls(logger: Logger): CallObserver {
  return {
    ended: (request, error, durationMs) => {
      const isBlamed = error !== undefined && blamed.has(error.code);
      const logsAll = logger.isLevelEnabled("debug");
      if (!isBlamed && !logsAll) {
        return;
      }
      const call = {
        request_id: requestIdOf(request),
        ...traceIds(),
        rpc: `${request.service.typeName}/${request.method.name}`,
        code: error === undefined ? "ok" : codeToString(error.code),
        duration_ms: Math.round(durationMs * 1_000) / 1_000,
        ...(error === undefined ? {} : { message: error.rawMessage }),
        ...(logsAll ? { headers: Object.fromEntries(request.header) } : {}),
      };
      logger[isBlamed ? "error" : "debug"](call, "call");
    },
  };
}
