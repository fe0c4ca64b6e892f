import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { ConnectError, type ContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { maxQuoted } from "../../quote.ts";
import type { HeldBytes } from "./byte-budget.ts";
import { callerKey } from "./caller.ts";
import { IncompleteMessage } from "./incomplete-message.ts";
import { joinValues } from "./lazy-headers.ts";
import type { ObservedStockCall } from "./observed-stock-call.ts";
import { mostDrainedBytes } from "./request-body.ts";
import {
  closeInTime,
  closeOnceAnswered,
  cutStream,
  isRequestTimeout,
  requestTimedOut,
  whenIncomplete,
} from "./request-timeout.ts";
import { failureIn } from "./response-outcome.ts";
import { errorResponse, sendableResponse } from "./sendable-response.ts";
import { boundTimeout, type UnaryTimeouts } from "./timeouts.ts";
import { type CallHost, callerGone, tooManyBytes } from "./unary-call.ts";
import { whenUntaken } from "./untaken-answer.ts";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

export type StreamGate = (connection: object, signal: AbortSignal) => ConnectError | undefined;

interface StockOptions extends UnaryTimeouts {
  readonly requestTimeoutMs: number;
  readonly streamGate?: StreamGate;
}

/**
 * Serves a call with Connect's own handler.
 *
 * @throws what Connect could not answer itself, such as a request that makes no URL; it is answered
 *   with a status then
 */
export async function serveStock(
  handler: UniversalHandler,
  request: NodeRequest,
  response: NodeResponse,
  values: ContextValues,
  host: CallHost,
  options: StockOptions,
  observed: ObservedStockCall | undefined,
): Promise<void> {
  const { requestTimeoutMs, streamGate } = options;
  const { methodKind } = handler.method;
  const connection = values.get(callerKey)?.connection ?? request;
  const held = host.budget.open(connection);
  const isFull = !held.hold(0);
  response.once("close", () => held.release());
  surviveEarlyEnd(request, response);
  boundBody(request, held, isUnaryBody(request));
  if (methodKind === "bidi_streaming") {
    allowHalfDuplex(request);
  }
  if (request instanceof Http2ServerRequest) {
    if (methodKind === "unary" || methodKind === "server_streaming") {
      answerInTime(request, requestTimeoutMs);
    }
    if (methodKind !== "unary") {
      // Its caller may have more to ask, and would keep the stream open to do so.
      closeOnceAnswered(request.stream);
    }
  }
  cutInTime(request, response, requestTimeoutMs);
  boundTimeout(request, methodKind === "unary", options);
  shortenQuoted(request);
  let signal: AbortSignal | undefined;
  try {
    const call = universalRequestFromNodeRequest(request, response, undefined, values);
    const reason = () => whyOver(request);
    signal = canceledWith(call.signal, reason);
    signal.addEventListener("abort", () => observed?.end(reason()), { once: true });
    const gate = methodKind === "unary" ? undefined : streamGate;
    const rejected = isFull ? tooManyBytes() : gate?.(connection, signal);
    const answer =
      rejected === undefined
        ? await handler({ ...call, signal })
        : errorResponse(new Headers({ "content-type": contentTypeOf(request) }), rejected);
    const sendable = sendableResponse(answer, host.onLost);
    await universalResponseToNodeResponse(observed?.watch(sendable) ?? sendable, response);
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
    } else {
      // To make no URL is the caller's mistake.
      response.statusCode = error instanceof TypeError ? 400 : 500;
      response.end();
    }
    observed?.end(failureIn({ status: response.statusCode }, undefined));
    // What can't be written to a caller that is gone is no failure, and the handler knows of it.
    if (!signal?.aborted) {
      throw error;
    }
  }
}

/** Why a request is over whose response is not out. */
function whyOver({ errored, socket }: NodeRequest): ConnectError {
  if (errored instanceof ConnectError) {
    return errored;
  }
  return isRequestTimeout(socket.errored) ? requestTimedOut() : callerGone();
}

/**
 * Says of a caller that is gone no more than that. Connect says how it left, with codes that blame the
 * server: a lost connection or a reset would be "internal".
 */
function canceledWith(left: AbortSignal, reason: () => ConnectError): AbortSignal {
  const canceled = new AbortController();
  left.addEventListener("abort", () => canceled.abort(reason()), { once: true });
  return canceled.signal;
}

/** Connect quotes these in whole when they are wrong; longer ones are wrong, and stay so. */
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
 * Lets a caller whose body is not wanted hear so.
 *
 * Connect stops reading then, and by that destroys the request: over HTTP/1.1 the connection dies
 * before the answer is read, over HTTP/2 the caller waits for a window that never opens. Here the
 * request survives, and what is left of it is thrown away once the answer is out.
 */
function surviveEarlyEnd(request: NodeRequest, response: NodeResponse): void {
  request[Symbol.asyncIterator] = () => request.iterator({ destroyOnReturn: false });
  const answered = request instanceof Http2ServerRequest ? request.stream : response;
  answered.once("finish", () => {
    // Connect leaves its own behind, and with it no data would come.
    request.removeAllListeners("readable");
    let drained = 0;
    request.on("data", (chunk: Uint8Array) => {
      drained += chunk.length;
      if (drained > mostDrainedBytes) {
        cut(request);
      }
    });
  });
}

function contentTypeOf({ headers }: NodeRequest): string {
  return headers["content-type"] ?? "";
}

/** Whether the body is one message, without an envelope. */
function isUnaryBody(request: NodeRequest): boolean {
  return !/^application\/(grpc|connect\+)/i.test(contentTypeOf(request));
}

/** Fails the reading of a body of which more would have to be held than there is room for. */
function boundBody(request: NodeRequest, held: HeldBytes, isOneMessage: boolean): void {
  const message = new IncompleteMessage();
  const chunks = request[Symbol.asyncIterator].bind(request);
  let bytes = 0;
  request[Symbol.asyncIterator] = async function* (): AsyncGenerator<Uint8Array, undefined> {
    for await (const chunk of chunks()) {
      bytes = isOneMessage ? bytes + chunk.length : message.add(chunk);
      if (!held.hold(bytes)) {
        throw tooManyBytes();
      }
      yield chunk;
    }
    return undefined;
  };
}

/** Has a request that does not become complete fail, which the handler answers as it answers a wrong one. */
function answerInTime(request: Http2ServerRequest, requestTimeoutMs: number): void {
  const { stream } = request;
  whenIncomplete(stream, requestTimeoutMs, () => {
    if (!stream.writableEnded) {
      closeOnceAnswered(stream);
      // Nobody hears of it when the handler does not read yet.
      request.on("error", () => {});
      request.destroy(requestTimedOut(requestTimeoutMs));
    }
    closeInTime(stream, requestTimeoutMs);
  });
}

/** Gives up a caller that does not take its answer. */
function cutInTime(request: NodeRequest, response: NodeResponse, timeoutMs: number): void {
  if (request instanceof Http2ServerRequest) {
    const { stream } = request;
    whenUntaken(stream, timeoutMs, () => cutStream(stream));
  } else {
    whenUntaken(response, timeoutMs, () => request.socket.destroy());
  }
}

// To destroy an HTTP/2 request does not reset its stream.
function cut(request: NodeRequest): void {
  if (request instanceof Http2ServerRequest) {
    request.stream.close();
  } else {
    request.destroy();
  }
}

/** Over HTTP/1.1 a caller can send all and then hear all; Connect refuses even that by the version. */
function allowHalfDuplex(request: NodeRequest): void {
  Object.defineProperty(request, "httpVersion", { value: "2.0" });
}
