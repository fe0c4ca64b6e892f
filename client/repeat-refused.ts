import { ConnectError, type Interceptor } from "@connectrpc/connect";

const maxAttempts = 3;

/**
 * Repeats unary calls whose HTTP/2 stream was refused, which no server has begun to work on: the connection ended
 * before they were on it. Clients of gRPC do that by themselves, and connect-node does not.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.7
 */
export const repeatRefused: Interceptor = (next) => async (request) => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await next(request);
    } catch (error) {
      if (request.stream || attempt === maxAttempts || !isRefused(error)) {
        throw error;
      }
    }
  }
};

/** Neither Node nor Connect gives it a code of its own. */
function isRefused(error: unknown): boolean {
  return error instanceof ConnectError && error.rawMessage.includes("REFUSED_STREAM");
}
