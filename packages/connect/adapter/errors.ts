import { Code, ConnectError } from "@connectrpc/connect";

/**
 * Max characters of an error message. In a gRPC trailer each may take nine bytes, and four more in the status
 * details.
 */
const maxMessageCharacters = 2_000;

export function tooLarge(readMaxBytes: number, bytes?: number): ConnectError {
  const size = bytes === undefined ? "" : ` ${bytes}`;
  return new ConnectError(
    `message size${size} is larger than configured readMaxBytes ${readMaxBytes}`,
    Code.ResourceExhausted,
  );
}

/** Rejects a call for whose request there is no room. */
export function tooManyBytes(): ConnectError {
  return new ConnectError(
    "Requests on this server, or on this connection, already hold the maximum number of bytes. Try again " +
      "later, or send fewer or smaller requests at once.",
    Code.ResourceExhausted,
  );
}

export function clientDisconnected(): ConnectError {
  return new ConnectError("the client disconnected", Code.Canceled);
}

/** @param requestTimeoutMs undefined when Node's server enforced it */
export function requestTimedOut(requestTimeoutMs?: number): ConnectError {
  const when = requestTimeoutMs === undefined ? "in time" : `within ${requestTimeoutMs} ms`;
  return new ConnectError(
    `Expected the request to be complete ${when}, got an incomplete one. ` +
      "Send the whole message, and end the stream after it",
    Code.DeadlineExceeded,
  );
}

/** Whether Node's server has ended an HTTP/1.1 connection with the status 408. */
export function isRequestTimeout(error: Error | null): boolean {
  return error !== null && "code" in error && error.code === "ERR_HTTP_REQUEST_TIMEOUT";
}

/** Hides errors other than ConnectErrors from the caller. */
export function toConnectError(error: unknown): ConnectError {
  return error instanceof ConnectError
    ? error
    : new ConnectError("internal error", Code.Internal, undefined, undefined, error);
}

/**
 * Returns an error whose message fits into a trailer, and has no half characters, which no trailer can have.
 */
export function withSendableMessage(error: ConnectError): ConnectError {
  const { rawMessage } = error;
  const isTooLong = rawMessage.length > maxMessageCharacters;
  if (!isTooLong && rawMessage.isWellFormed()) {
    return error;
  }
  const message = isTooLong
    ? `${rawMessage.slice(0, maxMessageCharacters)}… (${rawMessage.length} characters)`
    : rawMessage;
  const sent = new ConnectError(message.toWellFormed(), error.code, error.metadata);
  sent.details = error.details;
  return sent;
}
