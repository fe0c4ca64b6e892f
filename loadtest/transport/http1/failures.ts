import { describeError, systemCode, type TransportFailure } from "@unblock/http2/client";

/**
 * The failure of a request on a connection that was up.
 *
 * @param hasResponse whether the response had begun
 * @param closeHint appended to the message when the server closed without a response
 */
export function failureOf(error: Error, hasResponse: boolean, closeHint = ""): TransportFailure {
  if (error.name === "HTTPParserError") {
    return notHttp1(error.message);
  }
  if (!isClosed(error)) {
    return { code: "unavailable", message: `The connection failed: ${describeError(error)}` };
  }
  return {
    code: "unavailable",
    message: hasResponse
      ? "The connection closed in the middle of the response"
      : `The server closed the connection before it responded${closeHint}`,
  };
}

/** Whether the error says only that the connection is closed. */
export function isClosed(error: Error): boolean {
  return ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(systemCode(error));
}

function notHttp1(parserMessage: string): TransportFailure {
  // The parser's own reason is in parentheses at the end.
  const reason = /\((.+)\)$/.exec(parserMessage)?.[1] ?? parserMessage;
  const hint = reason.startsWith("Expected HTTP/")
    ? "; for a server with HTTP/2 only: --http 2"
    : "";
  return {
    code: "internal",
    message: `Expected an HTTP/1.1 response, got something else (${reason})${hint}`,
  };
}
