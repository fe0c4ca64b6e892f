import {
  Code,
  ConnectError,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import type { ErrorKind } from "@unblock/errors/error-table";
import { Failure, InvalidRequest } from "@unblock/errors/failure";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "@unblock/proto/gen/google/rpc/error_details_pb";
import type { Logger } from "pino";
import { traceIds } from "../observability/opentelemetry.ts";
import { noteTrace, requestIdOf } from "../observability/request-log.ts";

type Request = UnaryRequest | StreamRequest;

/** Connect code of each kind of error. */
export const codes: Record<ErrorKind, Code> = {
  invalid: Code.InvalidArgument,
  "not-found": Code.NotFound,
  forbidden: Code.PermissionDenied,
  unauthenticated: Code.Unauthenticated,
  overloaded: Code.ResourceExhausted,
  "too-large": Code.ResourceExhausted,
  unavailable: Code.Unavailable,
  late: Code.DeadlineExceeded,
  "not-set-up": Code.FailedPrecondition,
};

const retryDelay = { seconds: 1n };

/** Ends every call that reaches the interceptors with a response or a ConnectError. */
export function concludeCalls(logger: Logger): Interceptor {
  return (next) => async (request) => {
    noteTrace(request.contextValues);
    try {
      const response = await next(request);
      return response.stream
        ? { ...response, message: concluded(response.message, request, logger) }
        : response;
    } catch (error) {
      throw outcomeOf(request, error, logger);
    }
  };
}

async function* concluded<Message>(
  messages: AsyncIterable<Message>,
  request: Request,
  logger: Logger,
): AsyncIterable<Message> {
  try {
    yield* messages;
  } catch (error) {
    throw outcomeOf(request, error, logger);
  }
}

/** Logs errors that no caller can act on, which become "internal error" for the caller. */
function outcomeOf(request: Request, error: unknown, logger: Logger): ConnectError {
  if (error instanceof ConnectError) {
    return error;
  }
  if (error instanceof Failure) {
    return toConnectError(error);
  }
  if (request.signal.aborted) {
    // The reason distinguishes a passed deadline from a disconnected client.
    return ConnectError.from(request.signal.reason, Code.Canceled);
  }
  const id = requestIdOf(request.contextValues);
  logger.error({ request_id: id, ...traceIds(), err: error }, `${request.method.name} failed`);
  return new ConnectError(
    `internal error; the server's log has the cause (request id ${id})`,
    Code.Internal,
  );
}

/** Returns a ConnectError that has the failure's code and data in a google.rpc.ErrorInfo. */
export function toConnectError(failure: Failure): ConnectError {
  const { code, kind, data, message } = failure;
  const error = new ConnectError(message, codes[kind], undefined, undefined, failure);
  const metadata = Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, String(value)]),
  );
  error.details.push({
    desc: ErrorInfoSchema,
    value: { reason: code, domain: "unblock", metadata },
  });
  if (failure instanceof InvalidRequest) {
    const fieldViolations = failure.violations.map((violation) => ({ ...violation }));
    error.details.push({ desc: BadRequestSchema, value: { fieldViolations } });
  } else if (kind === "overloaded") {
    error.details.push({ desc: RetryInfoSchema, value: { retryDelay } });
  }
  return error;
}
