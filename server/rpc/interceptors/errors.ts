import { Code, ConnectError, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import type { Logger } from "pino";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "../../../gen/google/rpc/error_details_pb.ts";
import type { ErrorKind } from "../../error-table.ts";
import { Failure, InvalidRequest } from "../../errors.ts";
import { traceIds } from "../../opentelemetry.ts";
import { shorten } from "../../quote.ts";
import { requestIdOf } from "../observability/request-log.ts";

/** How a kind of error goes over the wire. */
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

/** Queues of calls that take a tenth of a second are shorter by then. */
const retryDelay = { seconds: 1n };

/**
 * Gives every failure of a call its code. What no caller can act on becomes "internal error" for the
 * caller and goes to the log in full.
 */
export function mapErrors(logger: Logger) {
  return (request: UnaryRequest | StreamRequest, error: unknown): ConnectError => {
    if (error instanceof ConnectError) {
      return sendable(error);
    }
    if (error instanceof Failure) {
      return toConnectError(error);
    }
    if (request.signal.aborted) {
      // The deadline passed, or the caller is gone; the reason says which.
      return ConnectError.from(request.signal.reason, Code.Canceled);
    }
    const id = requestIdOf(request);
    logger.error({ request_id: id, ...traceIds(), err: error }, `${request.method.name} failed`);
    return new ConnectError(
      `internal error; the server's log has the cause (request id ${id})`,
      Code.Internal,
    );
  };
}

/** Connect's own errors, as far as they are not as they must be. */
function sendable(error: ConnectError): ConnectError {
  const { code, rawMessage, metadata } = error;
  // It calls a binary message of a stream that can't be read its own failure; it is the caller's.
  const isUnreadable = code === Code.Internal && rawMessage.startsWith("parse binary: ");
  const short = shorten(rawMessage).toWellFormed();
  if (!isUnreadable && short === rawMessage) {
    return error;
  }
  // A message that quotes half a character makes no gRPC trailer, and the call would have no answer.
  const sent = new ConnectError(short, isUnreadable ? Code.InvalidArgument : code, metadata);
  sent.details = error.details;
  return sent;
}

/** Has the error's code and data in a google.rpc.ErrorInfo, for programs. */
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
