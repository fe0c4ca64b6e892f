import type { ConnectError } from "@connectrpc/connect";
import { createAsyncIterable, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  contentTypeUnaryJson,
  endStreamFlag,
  endStreamToJson,
  errorToJsonBytes,
} from "@connectrpc/connect/protocol-connect";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { envelope } from "./envelope.ts";
import { dropUnsendable } from "./sendable-fields.ts";

/**
 * Makes a response of Connect's handlers one that can be sent: with an error in its place when its header
 * can't be, and with an error as its status when its trailers can't be.
 *
 * @param onLost told of what could not be sent
 */
export function sendableResponse(
  response: UniversalServerResponse,
  onLost: (error: unknown) => void,
): UniversalServerResponse {
  const header = new Headers(response.header);
  const length = header.get("content-length");
  const problem = dropUnsendable(header);
  if (problem === undefined) {
    if (length !== null && isConnectUnary(header)) {
      header.set("content-length", length);
    }
    return { ...response, header, ...withSendableTrailer(response, onLost) };
  }
  onLost(problem);
  // The handler is told that nobody reads on.
  void response.body?.[Symbol.asyncIterator]().return?.();
  return errorResponse(header, problem);
}

function isConnectUnary(header: Headers): boolean {
  return /^application\/(proto|json)\b/.test(header.get("content-type") ?? "");
}

/** Trailers are complete at the end of the body, and are then written by Connect. */
function withSendableTrailer(
  { body, trailer }: UniversalServerResponse,
  onLost: (error: unknown) => void,
): Pick<UniversalServerResponse, "body"> {
  if (body === undefined || trailer === undefined) {
    return {};
  }
  const checked = async function* () {
    yield* body;
    const problem = dropUnsendable(trailer);
    if (problem !== undefined) {
      onLost(problem);
      setTrailerStatus(trailer, problem);
    }
  };
  return { body: checked() };
}

/** @param header the response's, without what can't be sent */
function errorResponse(header: Headers, error: ConnectError): UniversalServerResponse {
  const contentType = header.get("content-type") ?? "";
  if (contentType.startsWith("application/grpc-web")) {
    const status = setTrailerStatus(new Headers(), error);
    return withBody(200, header, envelope(trailerFlag, trailerSerialize(status)));
  }
  if (contentType.startsWith("application/grpc")) {
    const trailer = setTrailerStatus(new Headers(), error);
    return { status: 200, header, body: createAsyncIterable<Uint8Array>([]), trailer };
  }
  if (contentType.startsWith("application/connect+")) {
    const end = JSON.stringify(endStreamToJson(new Headers(), error, undefined));
    return withBody(200, header, envelope(endStreamFlag, Buffer.from(end)));
  }
  header.delete("content-encoding");
  header.set("content-type", contentTypeUnaryJson);
  return withBody(codeToHttpStatus(error.code), header, errorToJsonBytes(error, undefined));
}

function withBody(status: number, header: Headers, body: Uint8Array): UniversalServerResponse {
  return { status, header, body: createAsyncIterable([body]) };
}
