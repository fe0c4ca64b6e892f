import { ConnectError } from "@connectrpc/connect";
import { compressedFlag, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  codeFromHttpStatus,
  endStreamFlag,
  endStreamFromJson,
  errorFromJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerParse } from "@connectrpc/connect/protocol-grpc-web";

const envelopeBytes = 5;

type ResponseHead = Omit<UniversalServerResponse, "body">;

/**
 * How a response of Connect's own handlers ends its call, as a caller would read it.
 *
 * @param end the last piece of the body; undefined when there is none
 * @returns undefined for a call that succeeded
 */
export function failureIn(
  { status, header, trailer }: ResponseHead,
  end: Uint8Array | undefined,
): ConnectError | undefined {
  const contentType = header?.get("content-type") ?? "";
  if (status !== 200) {
    const failure = new ConnectError(`HTTP status ${status}`, codeFromHttpStatus(status));
    return end !== undefined &&
      contentType === "application/json" &&
      !header?.has("content-encoding")
      ? errorFromJsonBytes(end, undefined, failure)
      : failure;
  }
  if (trailer !== undefined) {
    return findTrailerError(trailer);
  }
  if (end === undefined || ((end[0] ?? 0) & compressedFlag) !== 0) {
    return undefined;
  }
  const data = end.subarray(envelopeBytes);
  if (contentType.startsWith("application/grpc-web") && end[0] === trailerFlag) {
    return findTrailerError(trailerParse(data));
  }
  return contentType.startsWith("application/connect+") && end[0] === endStreamFlag
    ? endStreamFromJson(data).error
    : undefined;
}
