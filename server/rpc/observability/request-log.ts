import { Code, type ContextValues, createContextKey, type UnaryRequest } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Logger } from "pino";
import { traceIds } from "../../opentelemetry.ts";
import { callerKey } from "../adapter/caller.ts";
import type { CallObserver } from "../adapter/observer.ts";

const traceKey = createContextKey<ReturnType<typeof traceIds>>(undefined, {
  description: "the call's span",
});
/** Codes that the server is to blame for. */
export const blamed: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.Internal,
  Code.DataLoss,
  Code.Unavailable,
]);

/** The caller's `x-request-id`, or one made for the call: the response has the same. */
export function requestIdOf({ contextValues }: Pick<UnaryRequest, "contextValues">): string {
  return contextValues.get(callerKey)?.requestId ?? "unknown";
}

/** Keeps the active span for the call's line, which is written when the span may not be active any more. */
export function noteTrace(values: ContextValues): void {
  const ids = traceIds();
  if (ids !== undefined) {
    values.set(traceKey, ids);
  }
}

export interface CallLog {
  readonly ended: CallObserver["ended"];
  /** A request was for no RPC of this server. @param path cut to a bounded length */
  unknownRpc(path: string): void;
}

/** Logs calls that fail by the server's fault; at the level "debug" all calls, with their headers. */
export function logCalls(logger: Logger): CallLog {
  return {
    ended: (call, error) => {
      const isBlamed = error !== undefined && call.isReached && blamed.has(error.code);
      const logsAll = logger.isLevelEnabled("debug");
      if (!isBlamed && !logsAll) {
        return;
      }
      const { method, requestHeader, values, beganMs } = call;
      const line = {
        request_id: requestIdOf({ contextValues: values }),
        ...values.get(traceKey),
        rpc: `${method.parent.typeName}/${method.name}`,
        code: error === undefined ? "ok" : codeToString(error.code),
        duration_ms: Math.round((performance.now() - beganMs) * 1_000) / 1_000,
        ...(error === undefined ? {} : { message: error.rawMessage }),
        ...(logsAll ? { headers: Object.fromEntries(requestHeader) } : {}),
      };
      logger[isBlamed ? "error" : "debug"](line, "call");
    },
    unknownRpc: (path) => {
      logger.debug({ path, code: codeToString(Code.Unimplemented) }, "a call of no RPC");
    },
  };
}
