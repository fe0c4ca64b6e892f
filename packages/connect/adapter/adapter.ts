import type { IncomingMessage, ServerResponse } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ConnectRouter, createContextValues } from "@connectrpc/connect";
import { codeFromHttpStatus } from "@connectrpc/connect/protocol-connect";
import type { ServerStream } from "@unblock/http2/server";
import { ByteBudget, type ByteLimits } from "./byte-budget.ts";
import type { Call, CallHost } from "./call.ts";
import { CallsInProgress } from "./calls-in-progress.ts";
import { inflateInTurn } from "./compression.ts";
import { callerKey, type Exchange, type ExchangeListener, type Fields } from "./exchange.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import { NodeHttp2Exchange } from "./node-http2-exchange.ts";
import {
  connectStreamProtocol,
  type EnvelopedProtocol,
  grpcProtocol,
  grpcWebProtocol,
} from "./protocols.ts";
import {
  collectRoutes,
  isUnary,
  type Route,
  type RouteOptions,
  type UnaryRoute,
} from "./routes.ts";
import { StreamCall } from "./stream-call.ts";
import { ConnectCall, EnvelopedCall } from "./unary-protocols.ts";

const mebibyte = 1024 * 1024;
/** Max delay of setTimeout, which fires at once for a longer one. */
const maxTimerMs = 2 ** 31 - 1;

/**
 * Options of all RPCs; a service can have its own when it is registered. The bytes of requests are bounded in
 * total: a call for which there is no room is rejected with resource_exhausted. Default: 64 MiB, of which a
 * connection may hold 32 MiB, and at least 64 KiB in any case.
 */
export interface AdapterOptions extends RouteOptions, Partial<ByteLimits> {
  /** Registers the services. */
  readonly routes: (router: ConnectRouter) => void;
  /** Path before the path of each RPC, such as "/api". Default: none. */
  readonly requestPathPrefix?: string;
  /** Serves requests for other paths. Default: the status 404. */
  readonly fallback?: (exchange: Exchange) => void;
  /** Returns the header of the response to a preflight request; undefined for other requests. Default: none. */
  readonly preflight?: ((exchange: Exchange) => Fields | undefined) | undefined;
  /**
   * Max time until a request over HTTP/2 is complete, in milliseconds. Then the call ends with
   * deadline_exceeded, and its stream is closed. Enforced once per timeout, so up to twice the time later. The
   * same holds for taking the response. Streams of messages may last as long as their handler reads. Over
   * HTTP/1.1 `requestTimeout` of Node's server bounds the request. Default: 300,000, as there.
   */
  readonly requestTimeoutMs?: number;
  /** Ends all calls in progress when it aborts, as unavailable. Default: none. */
  readonly shutdownSignal?: AbortSignal;
  /** Ends calls whose request is not complete when it aborts, so that no handler has begun. Default: none. */
  readonly drainSignal?: AbortSignal | undefined;
  /** Receives errors of responses that could not be sent or were replaced. Default: they are dropped. */
  readonly onLost?: (error: unknown) => void;
}

export interface Adapter {
  /** Serves a stream of this project's HTTP/2. */
  serveStream(stream: ServerStream, socket: Socket): void;
  /** Listener for "request" of an HTTP/1.1 server. */
  handleRequest(request: IncomingMessage, response: ServerResponse): void;
  /** Listener for "stream" of a server of node:http2. */
  handleStream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
}

/**
 * Serves the registered RPCs over Connect, gRPC and gRPC-Web.
 *
 * @throws RangeError for a `requestTimeoutMs` out of range
 */
export function createAdapter(options: AdapterOptions): Adapter {
  const { onLost = () => {}, fallback = notFound, preflight } = options;
  const { shutdownSignal, drainSignal, requestTimeoutMs = 300_000 } = options;
  const {
    maxBytes = 64 * mebibyte,
    maxConnectionBytes = 32 * mebibyte,
    minConnectionBytes = 64 * 1024,
  } = options;
  if (!(requestTimeoutMs >= 1 && requestTimeoutMs <= maxTimerMs)) {
    throw new RangeError(
      `Expected requestTimeoutMs to be from 1 to ${maxTimerMs}, got ${requestTimeoutMs}`,
    );
  }
  const acceptCompression = options.acceptCompression ?? inflateInTurn();
  const prefix = options.requestPathPrefix ?? "";
  const routes = collectRoutes(options.routes, { ...options, acceptCompression }, prefix);
  const calls = new CallsInProgress(requestTimeoutMs);
  const host: CallHost = {
    budget: new ByteBudget({ maxBytes, maxConnectionBytes, minConnectionBytes }),
    onClosed: (call) => calls.delete(call),
    onLost,
  };
  shutdownSignal?.addEventListener("abort", () =>
    calls.abort(ConnectError.from(shutdownSignal.reason, Code.Unavailable)),
  );
  drainSignal?.addEventListener("abort", () =>
    calls.abortUnreceived(ConnectError.from(drainSignal.reason, Code.Unavailable)),
  );

  const serve = (exchange: Exchange): void => {
    const route = routes.get(pathOf(exchange.path));
    const allowed = exchange.method === "OPTIONS" ? preflight?.(exchange) : undefined;
    if (allowed !== undefined) {
      ignoreRequest(exchange);
      exchange.respond({ status: 204, header: allowed });
    } else if (route === undefined) {
      ignoreRequest(exchange);
      fallback(exchange);
    } else {
      const call = openCall(route, exchange, host);
      if (typeof call === "number") {
        ignoreRequest(exchange);
        exchange.respond({ status: call, header: {} });
        observeRejected(route, exchange, call);
      } else {
        calls.add(call);
        call.start();
      }
    }
  };

  return {
    serveStream: (stream, socket) => serve(new Http2Exchange(stream, socket)),
    handleRequest: (request, response) => {
      const exchange = new Http1Exchange(request, response);
      if (isHost(request.headers.host)) {
        serve(exchange);
      } else {
        ignoreRequest(exchange);
        exchange.respond({ status: 400, header: {} });
      }
    },
    handleStream: (stream, headers) => serve(new NodeHttp2Exchange(stream, headers, onLost)),
  };
}

interface Format {
  readonly isBinary: boolean;
  /** Undefined for Connect's unary calls, whose messages have no envelope. */
  readonly protocol: EnvelopedProtocol | undefined;
}

const formats: ReadonlyMap<string, Format> = new Map([
  ["application/proto", { isBinary: true, protocol: undefined }],
  ["application/json", { isBinary: false, protocol: undefined }],
  ["application/connect+proto", { isBinary: true, protocol: connectStreamProtocol }],
  ["application/connect+json", { isBinary: false, protocol: connectStreamProtocol }],
  ["application/grpc", { isBinary: true, protocol: grpcProtocol }],
  ["application/grpc+proto", { isBinary: true, protocol: grpcProtocol }],
  ["application/grpc+json", { isBinary: false, protocol: grpcProtocol }],
  ["application/grpc-web", { isBinary: true, protocol: grpcWebProtocol }],
  ["application/grpc-web+proto", { isBinary: true, protocol: grpcWebProtocol }],
  ["application/grpc-web+json", { isBinary: false, protocol: grpcWebProtocol }],
]);

/** Returns a content type in lower case, and JSON without its only charset. */
function normalized(contentType: string): string {
  return contentType.toLowerCase().replace(/(?<=json); ?charset=utf-?8$/, "");
}

/** HTTP status of a request for an RPC that is no call of it. */
type RejectedStatus = 405 | 415 | 505;

/** Opens a call in the protocol of its request, or returns why that is not possible. */
function openCall(route: Route, exchange: Exchange, host: CallHost): Call | RejectedStatus {
  if (exchange.method === "GET" && isUnary(route)) {
    return openGet(route, exchange, host);
  }
  if (exchange.method !== "POST") {
    return 405;
  }
  const contentType = exchange.header("content-type") ?? "";
  const format = formats.get(contentType) ?? formats.get(normalized(contentType));
  if (format === undefined) {
    return 415;
  }
  const { protocol, isBinary } = format;
  if (protocol === grpcProtocol && !exchange.hasTrailers) {
    return 505;
  }
  if (!isUnary(route)) {
    return protocol === undefined ? 415 : new StreamCall(protocol, route, exchange, isBinary, host);
  }
  if (protocol === undefined) {
    return new ConnectCall(route, exchange, isBinary, undefined, host);
  }
  return protocol === connectStreamProtocol
    ? 415
    : new EnvelopedCall(protocol, route, exchange, isBinary, host);
}

/** @see https://connectrpc.com/docs/protocol/#unary-get-request */
function openGet(route: UnaryRoute, exchange: Exchange, host: CallHost): Call | RejectedStatus {
  if (route.spec.method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) {
    return 405;
  }
  const query = new URLSearchParams(exchange.path.split("?", 2)[1]);
  const encoding = query.get("encoding");
  return encoding === "proto" || encoding === "json"
    ? new ConnectCall(route, exchange, encoding === "proto", query, host)
    : 415;
}

/** Reports a request that is no call of its RPC. */
function observeRejected(
  { spec, observer }: Route,
  exchange: Exchange,
  status: RejectedStatus,
): void {
  observer?.began();
  const call = {
    method: spec.method,
    requestHeader: exchange.headers(),
    values: createContextValues().set(callerKey, exchange),
    beganMs: performance.now(),
    isReached: false,
  };
  observer?.ended(call, new ConnectError(`HTTP status ${status}`, codeFromHttpStatus(status)));
}

const ignoring: ExchangeListener = { onChunk() {}, onEnd() {}, onDrain() {}, onClosed() {} };

/** Reads a request that gets a response whatever it has. */
function ignoreRequest(exchange: Exchange): void {
  exchange.open(ignoring);
  exchange.discard();
  if (exchange.isIncomplete) {
    exchange.closeAfterResponse();
  }
}

function pathOf(pathWithQuery: string): string {
  const end = pathWithQuery.indexOf("?");
  return end === -1 ? pathWithQuery : pathWithQuery.slice(0, end);
}

/** @see https://www.rfc-editor.org/rfc/rfc9112#section-3.2 */
function isHost(host: string | undefined): boolean {
  return host === undefined || commonHost.test(host) || URL.canParse(`http://${host}/`);
}

/** Saves parsing a URL for each call. */
const commonHost = /^[a-z\d.-]+(:\d{1,4})?$/i;

function notFound(exchange: Exchange): void {
  exchange.respond({ status: 404, header: {} });
}
