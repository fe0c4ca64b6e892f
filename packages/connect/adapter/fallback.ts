import { Http2ServerRequest } from "node:http2";
import type { Writable } from "node:stream";
import { ConnectError, type ContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { maxQuoted } from "@unblock/errors/quote";
import type { HeldBytes } from "./byte-budget.ts";
import { IncompleteMessage } from "./envelope.ts";
import { clientDisconnected, isRequestTimeout, requestTimedOut, tooManyBytes } from "./errors.ts";
import { callerKey, type NodeRequest, type NodeResponse } from "./exchange.ts";
import { joinValues } from "./headers.ts";
import {
  closeAfterResponse,
  closeWhenIncomplete,
  cutStream,
  whenIncomplete,
} from "./http2-streams.ts";
import { failureIn, type ObservedFallbackCall } from "./observer.ts";
import { maxDrainedBytes } from "./request-body.ts";
import type { UnaryTimeouts } from "./routes.ts";
import { errorResponse, sendableResponse } from "./sendable.ts";
import { boundedTimeoutMs, maxTimerMs } from "./terms.ts";
import type { CallHost } from "./unary-call.ts";

export type StreamGate = (connection: object, signal: AbortSignal) => ConnectError | undefined;

interface FallbackOptions extends UnaryTimeouts {
  readonly requestTimeoutMs: number;
  readonly streamGate?: StreamGate;
}

/**
 * Serves a call with Connect's own handler: streams, and unary calls that the fast path does not serve.
 *
 * @throws errors to which Connect makes no response, such as a request without a valid URL, after responding with an
 *   HTTP status
 */
export async function serveFallback(
  handler: UniversalHandler,
  request: NodeRequest,
  response: NodeResponse,
  values: ContextValues,
  host: CallHost,
  options: FallbackOptions,
  observed: ObservedFallbackCall | undefined,
): Promise<void> {
  const { requestTimeoutMs, streamGate } = options;
  const { methodKind } = handler.method;
  const connection = values.get(callerKey)?.connection ?? request;
  const held = host.budget.open(connection);
  const isFull = !held.hold(0);
  response.once("close", () => held.release());
  drainAfterResponse(request, response);
  boundBody(request, held);
  if (methodKind === "bidi_streaming") {
    allowHalfDuplex(request);
  }
  if (request instanceof Http2ServerRequest) {
    if (methodKind === "unary" || methodKind === "server_streaming") {
      respondInTime(request, requestTimeoutMs);
    }
    if (methodKind !== "unary") {
      // The caller may keep the stream open to send more.
      closeAfterResponse(request.stream);
    }
  }
  cutWhenUntaken(request, response, requestTimeoutMs);
  boundTimeout(request, methodKind === "unary", options);
  shortenQuoted(request);
  let signal: AbortSignal | undefined;
  try {
    const call = universalRequestFromNodeRequest(request, response, undefined, values);
    const reason = () => whyOver(request);
    signal = withReason(call.signal, reason);
    signal.addEventListener("abort", () => observed?.end(reason()), { once: true });
    const gate = methodKind === "unary" ? undefined : streamGate;
    const rejected = isFull ? tooManyBytes() : gate?.(connection, signal);
    const answered =
      rejected === undefined
        ? await handler({ ...call, signal })
        : errorResponse(new Headers({ "content-type": contentTypeOf(request) }), rejected);
    const sendable = sendableResponse(answered, host.onLost);
    await universalResponseToNodeResponse(observed?.watch(sendable) ?? sendable, response);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
    } else {
      // Connect's TypeError is about the URL, which is the caller's mistake.
      response.statusCode = error instanceof TypeError ? 400 : 500;
      response.end();
    }
    observed?.end(failureIn({ status: response.statusCode }, undefined));
    // Writing to a disconnected client is no failure, and the handler's signal has aborted.
    if (!signal?.aborted) {
      throw error;
    }
  }
}

/** Returns why a request ended before its response. */
function whyOver({ errored, socket }: NodeRequest): ConnectError {
  if (errored instanceof ConnectError) {
    return errored;
  }
  return isRequestTimeout(socket.errored) ? requestTimedOut() : clientDisconnected();
}

/** Replaces Connect's reasons, which blame the server for a lost connection or a reset with "internal". */
function withReason(signal: AbortSignal, reason: () => ConnectError): AbortSignal {
  const aborted = new AbortController();
  signal.addEventListener("abort", () => aborted.abort(reason()), { once: true });
  return aborted.signal;
}

/** Fields that Connect quotes in full when they are invalid, as all long ones are. */
const quotedFields = [
  "connect-timeout-ms",
  "grpc-timeout",
  "connect-protocol-version",
  "content-encoding",
  "connect-content-encoding",
  "grpc-encoding",
];

const quotedParameter = new RegExp(`([?&]compression=[^&]{${maxQuoted}})[^&]+`, "g");

function shortenQuoted(request: NodeRequest): void {
  const { headers } = request;
  request.url = request.url?.replaceAll(quotedParameter, "$1") ?? "";
  for (const name of quotedFields) {
    const value = joinValues(headers[name]);
    if (value !== null && value.length > maxQuoted) {
      headers[name] = value.slice(0, maxQuoted);
    }
  }
}

/**
 * Keeps a request whose body Connect stops reading, and discards the rest after the response.
 *
 * Connect destroys the request then: over HTTP/1.1 the connection is reset before the response is read, over
 * HTTP/2 the caller waits for a window that never opens.
 */
function drainAfterResponse(request: NodeRequest, response: NodeResponse): void {
  request[Symbol.asyncIterator] = () => request.iterator({ destroyOnReturn: false });
  const answered = request instanceof Http2ServerRequest ? request.stream : response;
  answered.once("finish", () => {
    // Connect's own listener would keep the stream paused.
    request.removeAllListeners("readable");
    let drained = 0;
    request.on("data", (chunk: Uint8Array) => {
      drained += chunk.length;
      if (drained > maxDrainedBytes) {
        cut(request);
      }
    });
  });
}

function contentTypeOf({ headers }: NodeRequest): string {
  return headers["content-type"] ?? "";
}

/** Fails the reading of a body for which there is no room. */
function boundBody(request: NodeRequest, held: HeldBytes): void {
  const isEnveloped = /^application\/(grpc|connect\+)/i.test(contentTypeOf(request));
  const message = new IncompleteMessage();
  const chunks = request[Symbol.asyncIterator].bind(request);
  let bytes = 0;
  request[Symbol.asyncIterator] = async function* (): AsyncGenerator<Uint8Array, undefined> {
    for await (const chunk of chunks()) {
      bytes = isEnveloped ? message.add(chunk) : bytes + chunk.length;
      if (!held.hold(bytes)) {
        throw tooManyBytes();
      }
      yield chunk;
    }
    return undefined;
  };
}

/** Fails an incomplete request, to which the handler responds as to an invalid one. */
function respondInTime(request: Http2ServerRequest, requestTimeoutMs: number): void {
  const { stream } = request;
  whenIncomplete(stream, requestTimeoutMs, () => {
    if (!stream.writableEnded) {
      closeAfterResponse(stream);
      // The handler may not read yet.
      request.on("error", () => {});
      request.destroy(requestTimedOut(requestTimeoutMs));
    }
    closeWhenIncomplete(stream, requestTimeoutMs);
  });
}

/** Cuts a call whose caller does not take the response. */
function cutWhenUntaken(request: NodeRequest, response: NodeResponse, timeoutMs: number): void {
  if (request instanceof Http2ServerRequest) {
    const { stream } = request;
    whenUntaken(stream, timeoutMs, () => cutStream(stream));
  } else {
    whenUntaken(response, timeoutMs, () => request.socket.destroy());
  }
}

/** Destroying an HTTP/2 request would not reset its stream. */
function cut(request: NodeRequest): void {
  if (request instanceof Http2ServerRequest) {
    request.stream.close();
  } else {
    request.destroy();
  }
}

/** Connect rejects bidirectional streams by the HTTP version, though HTTP/1.1 can serve them half-duplex. */
function allowHalfDuplex(request: NodeRequest): void {
  Object.defineProperty(request, "httpVersion", { value: "2.0" });
}

/** Max value of a gRPC timeout, which has eight digits. */
const maxGrpcTimeout = 99_999_999;

/**
 * Writes the bounded timeout of a call into its request's header, where Connect's handler reads it. A timeout
 * longer than a timer's max is removed, since Connect's timer would fire at once.
 */
function boundTimeout({ headers }: NodeRequest, isUnary: boolean, timeouts: UnaryTimeouts): void {
  const isGrpc = /^application\/grpc/i.test(headers["content-type"] ?? "");
  const name = isGrpc ? "grpc-timeout" : "connect-timeout-ms";
  const parse = isGrpc ? parseGrpcTimeout : parseConnectTimeout;
  const requested = parse(joinValues(headers[name]), Number.POSITIVE_INFINITY);
  if (requested.error !== undefined) {
    // Connect's handler rejects the call.
    return;
  }
  const timeoutMs = isUnary ? boundedTimeoutMs(requested.timeoutMs, timeouts) : requested.timeoutMs;
  if (timeoutMs === undefined || timeoutMs > maxTimerMs) {
    delete headers[name];
  } else if (timeoutMs !== requested.timeoutMs) {
    headers[name] = isGrpc ? `${Math.min(timeoutMs, maxGrpcTimeout)}m` : String(timeoutMs);
  }
}

/**
 * Calls `late` when a caller has taken nothing of the pending output for the timeout. Polled once per
 * timeout, so callers have up to twice as long.
 */
function whenUntaken(
  output: Pick<Writable, "writableLength" | "once">,
  timeoutMs: number,
  late: () => void,
): void {
  let waitingBytes = 0;
  const timer = setInterval(() => {
    if (waitingBytes > 0 && output.writableLength === waitingBytes) {
      late();
    }
    waitingBytes = output.writableLength;
  }, timeoutMs).unref();
  output.once("close", () => clearInterval(timer));
}
