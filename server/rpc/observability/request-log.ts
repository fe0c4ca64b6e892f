import { randomUUID } from "node:crypto";
import {
  Code,
  ConnectError,
  createContextKey,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { Logger } from "pino";
import { traceIds } from "../../opentelemetry.ts";

const requestIdKey = createContextKey<string>("", { description: "request id" });
const sane = /^[\w.-]{1,128}$/;
/** Codes that the server is to blame for. */
export const blamed: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.Internal,
  Code.DataLoss,
  Code.Unavailable,
]);

/** The caller's `x-request-id`, or one made for the call; the same wherever it is asked for. */
export function requestIdOf(request: UnaryRequest | StreamRequest): string {
  const known = request.contextValues.get(requestIdKey);
  if (known !== "") {
    return known;
  }
  const given = request.header.get("x-request-id");
  const id = given !== null && sane.test(given) ? given : randomUUID();
  request.contextValues.set(requestIdKey, id);
  return id;
}

/**
 * Logs calls that fail by the server's fault; at the level "debug" all calls, with their headers. What
 * is not logged costs a comparison.
 */
export function logCalls(logger: Logger): Interceptor {
  return (next) => async (request) => {
    const beganMs = performance.now();
    const logsAll = logger.isLevelEnabled("debug");
    const log = (error: unknown) => {
      const code = error === undefined ? undefined : codeOf(error);
      const isBlamed = code !== undefined && blamed.has(code);
      if (!isBlamed && !logsAll) {
        return;
      }
      const call = {
        request_id: requestIdOf(request),
        ...traceIds(),
        rpc: `${request.service.typeName}/${request.method.name}`,
        code: code === undefined ? "ok" : codeToString(code),
        duration_ms: Math.round((performance.now() - beganMs) * 1_000) / 1_000,
        ...(error instanceof ConnectError ? { message: error.rawMessage } : {}),
        ...(logsAll ? { headers: Object.fromEntries(request.header) } : {}),
      };
      logger[isBlamed ? "error" : "debug"](call, "call");
    };
    try {
      const response = await next(request);
      if (response.stream) {
        return { ...response, message: loggedStream(response.message, log) };
      }
      log(undefined);
      return response;
    } catch (error) {
      log(error);
      throw error;
    }
  };
}

async function* loggedStream<Message>(
  messages: AsyncIterable<Message>,
  log: (error: unknown) => void,
): AsyncIterable<Message> {
  let failure: unknown;
  try {
    yield* messages;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    log(failure);
  }
}

export function codeOf(error: unknown): Code {
  return error instanceof ConnectError ? error.code : Code.Internal;
}
