import type { TransportFailure } from "../transport.ts";
import { errorCodeName } from "./errors.ts";

/**
 * What it means that the server reset a stream.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors
 */
export function failureOfReset(errorCode: number): TransportFailure {
  const name = errorCodeName(errorCode);
  return { code: codeOf(name), message: `The server reset the stream: ${name}` };
}

function codeOf(name: string): TransportFailure["code"] {
  switch (name) {
    case "REFUSED_STREAM":
      return "unavailable";
    case "CANCEL":
      return "canceled";
    case "ENHANCE_YOUR_CALM":
      return "resource_exhausted";
    default:
      return "internal";
  }
}
