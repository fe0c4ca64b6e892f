import { IncomingMessage, ServerResponse } from "node:http";
import {
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { Code, ConnectError, type ContextValues, createContextValues } from "@connectrpc/connect";
import type { ConnectNodeAdapterOptions } from "@connectrpc/connect-node";
import { ByteBudget, type ByteLimits } from "./byte-budget.ts";
import { CallsInProgress } from "./calls-in-progress.ts";
import { compressions, inflateInTurn } from "./compression.ts";
import { clientDisconnected } from "./errors.ts";
import {
  type Caller,
  callerKey,
  type Exchange,
  type NodeRequest,
  type NodeResponse,
  requestIdFrom,
} from "./exchange.ts";
import { type StreamGate, serveFallback } from "./fallback.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import { afterReads, closeWhenIncomplete } from "./http2-streams.ts";
import { type CallObserver, failureIn, ObservedFallbackCall } from "./observer.ts";
import { openUnaryCall } from "./open-unary-call.ts";
import { collectRoutes, type UnaryRoute, type UnaryTimeouts } from "./routes.ts";
import { maxTimerMs } from "./terms.ts";
import type { CallHost } from "./unary-call.ts";

const mebibyte = 1024 * 1024;

/**
 * The options of connectNodeAdapter, and more. The bytes of requests are bounded in total: a call for which
 * there is no room is rejected with resource_exhausted. Default: 64 MiB, of which a connection may hold 32
 * MiB, and at least 64 KiB in any case.
 */
export interface AdapterOptions
  extends ConnectNodeAdapterOptions,
    UnaryTimeouts,
    Partial<ByteLimits> {
  /**
   * Whether unary calls take the fast path; Connect's own handlers serve all calls otherwise. Default: true.
   */
  readonly fastPath?: boolean;
  /**
   * Max time until a request over HTTP/2 is complete, in milliseconds. Then the call ends with
   * deadline_exceeded, and its stream is closed. Enforced once per timeout for unary calls, so up to twice
   * the time later. The same holds for taking the response. Streams of messages may last as long as their
   * handler reads. Over HTTP/1.1 `requestTimeout` of Node's server bounds the request. Default: 300,000, as
   * there.
   */
  readonly requestTimeoutMs?: number;
  /**
   * Called before the handler of a streaming RPC; an error that it returns rejects the stream. The stream has
   * ended when `signal` aborts. Default: all streams are served.
   */
  readonly streamGate?: StreamGate;
  /** Ends unary calls on the fast path whose request is not complete when it aborts. Default: none. */
  readonly drainSignal?: AbortSignal;
  /** Receives errors of responses that could not be sent or were replaced. Default: they are dropped. */
  readonly onLost?: (error: unknown) => void;
  readonly observer?: CallObserver | undefined;
}

export interface Adapter {
  /** Listener for "request" of an HTTP/1.1 server, or of an HTTP/2 server in Node's compatibility API. */
  handleRequest(request: NodeRequest, response: NodeResponse): void;
  /** Listener for "stream" of an HTTP/2 server. */
  handleStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    rawHeaders: string[],
  ): void;
}

/**
 * Serves the registered RPCs over Connect, gRPC and gRPC-Web, as connectNodeAdapter does, but unary calls
 * take a fast path without async iterables.
 *
 * @throws RangeError for a `requestTimeoutMs` out of range
 */
export function createAdapter(options: AdapterOptions): Adapter {
  const { fastPath = true, onLost = () => {}, shutdownSignal, contextValues } = options;
  const { drainSignal, requestTimeoutMs = 300_000, observer } = options;
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
  const acceptCompression = inflateInTurn(options.acceptCompression ?? compressions);
  const prefix = options.requestPathPrefix ?? "";
  const routes = collectRoutes(options.routes, { ...options, acceptCompression }, prefix, observer);
  const unaryRoutes = fastPath ? routes.unary : new Map<string, UnaryRoute>();
  const serveNonRpc = options.fallback ?? notFound;
  const calls = new CallsInProgress(requestTimeoutMs);
  const fallbackOptions = { ...options, requestTimeoutMs };
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

  /** Returns false for a call that only the fallback serves. */
  const serveFast = (
    route: UnaryRoute,
    exchange: Exchange,
    values: ContextValues | undefined,
  ): boolean => {
    const call = openUnaryCall(route, exchange, values, host);
    if (call === undefined) {
      return false;
    }
    calls.add(call);
    call.start();
    return true;
  };
  const serveOtherwise = (path: string, request: NodeRequest, response: NodeResponse): void => {
    const caller = callerOf(request);
    response.setHeader("x-request-id", caller.requestId);
    const handler = routes.handlers.get(path);
    if (handler === undefined) {
      if (request instanceof Http2ServerRequest) {
        closeWhenIncomplete(request.stream, requestTimeoutMs);
      }
      serveNonRpc(request, response);
    } else {
      const values = (contextValues?.(request) ?? createContextValues()).set(callerKey, caller);
      const observed =
        observer && new ObservedFallbackCall(observer, handler.method, request, values);
      if (isGrpcOverHttp1(request)) {
        observed?.end(failureIn({ status: 505 }, undefined));
        respondStatus(request, response, 505);
      } else {
        serveFallback(handler, request, response, values, host, fallbackOptions, observed).catch(
          onLost,
        );
      }
    }
  };

  return {
    handleRequest: (request, response) => {
      const path = pathOf(request.url);
      const route = unaryRoutes.get(path);
      const isServed =
        route !== undefined &&
        request instanceof IncomingMessage &&
        response instanceof ServerResponse &&
        serveFast(route, new Http1Exchange(request, response), contextValues?.(request));
      if (!isServed) {
        serveOtherwise(path, request, response);
      }
    },
    handleStream: (stream, headers, _flags, rawHeaders) => {
      const path = pathOf(headers[":path"]);
      const route = unaryRoutes.get(path);
      if (route !== undefined) {
        const values = contextValues?.(new Http2ServerRequest(stream, headers, {}, rawHeaders));
        if (serveFast(route, new Http2Exchange(stream, headers, onLost), values)) {
          return;
        }
      }
      stream.on("error", () => {});
      // Created now: Node reports a request's end only once, which may be in its header.
      const request = new Http2ServerRequest(stream, headers, {}, rawHeaders);
      const response = new Http2ServerResponse(stream);
      afterReads(() => {
        const handler = routes.handlers.get(path);
        if (!stream.closed && !stream.aborted) {
          serveOtherwise(path, request, response);
        } else if (handler !== undefined && observer !== undefined) {
          const values = createContextValues().set(callerKey, callerOf(request));
          new ObservedFallbackCall(observer, handler.method, request, values).end(
            clientDisconnected(),
          );
        }
      });
    },
  };
}

function callerOf(request: NodeRequest): Caller {
  return {
    requestId: requestIdFrom(request.headers["x-request-id"]),
    connection:
      request instanceof Http2ServerRequest
        ? (request.stream.session ?? request.stream)
        : request.socket,
    get socket() {
      return request.socket;
    },
  };
}

function pathOf(url = ""): string {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}

/** Connect's handlers would serve such a call, with trailers that HTTP/1.1 clients drop. */
function isGrpcOverHttp1(request: NodeRequest): boolean {
  return (
    request instanceof IncomingMessage &&
    /^application\/grpc(\+proto|\+json(; ?charset=utf-?8)?)?$/i.test(
      request.headers["content-type"] ?? "",
    )
  );
}

function notFound(request: NodeRequest, response: NodeResponse): void {
  respondStatus(request, response, 404);
}

function respondStatus(request: NodeRequest, response: NodeResponse, statusCode: number): void {
  request.resume();
  response.statusCode = statusCode;
  response.end();
}
