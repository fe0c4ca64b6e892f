import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { BadRequestSchema, RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { Failure, type FailureKind, InvalidRequest } from "../../errors.ts";

const codes: Record<FailureKind, Code> = {
  invalid: Code.InvalidArgument,
  "not-found": Code.NotFound,
  forbidden: Code.PermissionDenied,
  overloaded: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
};

/** Queues of calls that take a tenth of a second are shorter by then. */
const retryDelay = { seconds: 1n };

/**
 * Gives every failure of a call its code. What no caller can act on becomes "internal error" for the
 * caller and goes to the log in full.
 */
export function mapErrors(log: (message: string) => void): Interceptor {
  const map = (rpc: string, error: unknown, signal: AbortSignal): ConnectError => {
    if (error instanceof ConnectError) {
      return error;
    }
    if (error instanceof Failure) {
      return toConnectError(error);
    }
    if (signal.aborted) {
      // The deadline passed, or the caller is gone; the reason says which.
      return ConnectError.from(signal.reason, Code.Canceled);
    }
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log(`${rpc} failed: ${detail}`);
    return new ConnectError("internal error; the server's log has the cause", Code.Internal);
  };
  return (next) => async (request) => {
    const { name } = request.method;
    try {
      const response = await next(request);
      return response.stream
        ? {
            ...response,
            message: mapped(response.message, (error) => map(name, error, request.signal)),
          }
        : response;
    } catch (error) {
      throw map(name, error, request.signal);
    }
  };
}

async function* mapped<Message>(
  messages: AsyncIterable<Message>,
  map: (error: unknown) => ConnectError,
): AsyncIterable<Message> {
  try {
    yield* messages;
  } catch (error) {
    throw map(error);
  }
}

function toConnectError(failure: Failure): ConnectError {
  const { kind, message } = failure;
  const error = new ConnectError(message, codes[kind], undefined, undefined, failure);
  if (failure instanceof InvalidRequest) {
    const fieldViolations = failure.violations.map((violation) => ({ ...violation }));
    error.details.push({ desc: BadRequestSchema, value: { fieldViolations } });
  } else if (kind === "overloaded") {
    error.details.push({ desc: RetryInfoSchema, value: { retryDelay } });
  }
  return error;
}
