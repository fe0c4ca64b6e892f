import { Code, ConnectError } from "@connectrpc/connect";
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

/**
 * Fields of the connection and of the body's length, which only the adapter and Node set. HTTP/2 does not
 * allow most of them, and a handler that copies them from another server's response does not mean them.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.2.2
 */
const connectionFields: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** @see https://www.rfc-editor.org/rfc/rfc9110#section-5.5 */
const invalidInValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Max size of a header or of trailers as HPACK counts it; Node sends at most 64 KiB over HTTP/2. */
const maxFieldsBytes = 48 * 1024;
/** HPACK overhead per field. */
const fieldBytes = 32;

/** @param name in lower case */
export function isConnectionField(name: string): boolean {
  return connectionFields.has(name);
}

function isTooLarge(fields: Headers): boolean {
  let bytes = 0;
  for (const [name, value] of fields) {
    bytes += name.length + value.length + fieldBytes;
  }
  return bytes > maxFieldsBytes;
}

/**
 * Removes fields that can't be sent from a response's header or trailers.
 *
 * @returns the error to respond with; undefined when only connection fields were removed, or none
 */
export function dropUnsendable(headers: Headers): ConnectError | undefined {
  const invalid: string[] = [];
  for (const [name, value] of [...headers]) {
    if (isConnectionField(name)) {
      headers.delete(name);
    } else if (invalidInValue.test(value)) {
      headers.delete(name);
      invalid.push(name);
    }
  }
  if (invalid.length > 0) {
    return unsendable(`its field ${invalid.join(", ")} has an invalid character`);
  }
  if (!isTooLarge(headers)) {
    return undefined;
  }
  const largestFirst = [...headers].sort(([, one], [, other]) => other.length - one.length);
  for (const [name] of largestFirst) {
    if (!isTooLarge(headers)) {
      break;
    }
    headers.delete(name);
  }
  return unsendable(`its fields are larger than ${maxFieldsBytes} bytes`);
}

function unsendable(why: string): ConnectError {
  return new ConnectError(`The response can't be sent: ${why}`, Code.Internal);
}

/**
 * Makes a response of Connect's handlers sendable: replaces it by an error when its header can't be sent, and
 * its status by an error when its trailers can't be sent.
 *
 * @param onLost receives why they could not be sent
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
  // Ends the handler.
  void response.body?.[Symbol.asyncIterator]().return?.();
  return errorResponse(header, problem);
}

function isConnectUnary(header: Headers): boolean {
  return /^application\/(proto|json)\b/.test(header.get("content-type") ?? "");
}

/** Trailers are complete at the end of the body; then Connect writes them. */
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

/** @param header sendable header with the content type of the protocol */
export function errorResponse(header: Headers, error: ConnectError): UniversalServerResponse {
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
