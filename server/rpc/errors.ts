import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { Failure, type FailureKind } from "../errors.ts";

const codes: Record<FailureKind, Code> = {
  invalid: Code.InvalidArgument,
  "not-found": Code.NotFound,
  forbidden: Code.PermissionDenied,
  overloaded: Code.ResourceExhausted,
  unavailable: Code.Unavailable,
};

/**
 * Gives every failure of a call its code. What no caller can act on becomes "internal error" for the
 * caller and goes to the log in full.
 */
export function mapErrors(log: (message: string) => void): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      if (error instanceof ConnectError) {
        throw error;
      }
      if (error instanceof Failure) {
        throw new ConnectError(error.message, codes[error.kind], undefined, undefined, error);
      }
      if (request.signal.aborted) {
        // The deadline passed, or the caller is gone; the reason says which.
        throw ConnectError.from(request.signal.reason, Code.Canceled);
      }
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log(`${request.method.name} failed: ${detail}`);
      throw new ConnectError("internal error; the server's log has the cause", Code.Internal);
    }
  };
}
