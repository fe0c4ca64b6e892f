import { IncomingMessage, ServerResponse } from "node:http";
import {
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import type { ConnectNodeAdapterOptions } from "@connectrpc/connect-node";
import { afterReads } from "./after-reads.ts";
import { ByteBudget, type ByteLimits } from "./byte-budget.ts";
import { callerKey, callerOf } from "./caller.ts";
import { CallsInProgress } from "./calls-in-progress.ts";
import { compressions } from "./compressions.ts";
import type { Exchange } from "./exchange.ts";
import { Http1Exchange } from "./http1-exchange.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import { inflateInTurn } from "./inflation.ts";
import { ObservedStockCall } from "./observed-stock-call.ts";
import type { CallObserver } from "./observer.ts";
import { openUnaryCall } from "./open-unary-call.ts";
import { assertRequestTimeout, closeInTime } from "./request-timeout.ts";
import { failureIn } from "./response-outcome.ts";
import { collectRoutes } from "./routes.ts";
import { type NodeRequest, type NodeResponse, type StreamGate, serveStock } from "./stock-lane.ts";
import type { UnaryTimeouts } from "./timeouts.ts";
import { type CallHost, callerGone } from "./unary-call.ts";

const mebibyte = 1024 * 1024;

/**
 * Those of connectNodeAdapter, and some more. What callers make the server hold of requests is bounded in sum:
 * a call for which there is no room is answered with resource_exhausted at once. Default: 64 MiB, of which
 * one connection may have 32, and each may have 64 KiB in any case.
 */
export interface AdapterOptions
  extends ConnectNodeAdapterOptions,
    UnaryTimeouts,
    Partial<ByteLimits> {
  /** Whether unary calls take the direct lane; without it Connect's own handlers serve all. Default true. */
  readonly directLane?: boolean;
  /**
   * How long callers may take over HTTP/2 until their request is complete, in milliseconds. After that
   * they are answered with deadline_exceeded, and their stream is closed. Unary calls are looked at once
   * in that time, so they have up to twice as long. To take the answer, and to send on after it, they have
   * as long again; then their stream is closed. Who streams messages may do so as long as the handler takes
   * them. Over HTTP/1.1 the `requestTimeout` of Node's server sees to the request, and who does not take an
   * answer is cut off as over HTTP/2. Default 300,000, as there.
   */
  readonly requestTimeoutMs?: number;
  /**
   * Asked before the handler of a streaming RPC begins; the stream is rejected with the error it returns. A
   * stream is over when `signal` aborts. Default: all streams are served.
   */
  readonly streamGate?: StreamGate;
  /**
   * Its abort ends the unary calls of the direct lane whose request is not complete, with its reason: a server
   * that stops need not wait for them. Default: none.
   */
  readonly drainSignal?: AbortSignal;
  /** Told of answers that could not be sent, whether another one was sent instead or not. Default: they are dropped. */
  readonly onLost?: (error: unknown) => void;
  /** Told of every request for an RPC and of how it ended for its caller. Default: nobody. */
  readonly observer?: CallObserver | undefined;
}

export interface Adapter {
  /** For "request" of an HTTP/1.1 server. It may have a request of HTTP/2 as well, in Node's compatible form. */
  handleRequest(request: NodeRequest, response: NodeResponse): void;
  /** For "stream" of an HTTP/2 server. */
  handleStream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    rawHeaders: string[],
  ): void;
}

/**
 * Serves the registered RPCs over Connect, gRPC and gRPC-Web, as connectNodeAdapter does. Unary calls
 * go from the wire to their handler and back with no pipeline of async iterables between.
 */
export function createAdapter(options: AdapterOptions): Adapter {
  const { directLane = true, onLost = () => {}, shutdownSignal, contextValues } = options;
  const { drainSignal, requestTimeoutMs = 300_000, observer } = options;
  const {
    maxBytes = 64 * mebibyte,
    maxConnectionBytes = 32 * mebibyte,
    minConnectionBytes = 64 * 1024,
  } = options;
  assertRequestTimeout(requestTimeoutMs);
  const acceptCompression = inflateInTurn(options.acceptCompression ?? compressions);
  const prefix = options.requestPathPrefix ?? "";
  const routes = collectRoutes(options.routes, { ...options, acceptCompression }, prefix, observer);
  const fallback = options.fallback ?? notFound;
  const calls = new CallsInProgress(requestTimeoutMs);
  const stockOptions = { ...options, requestTimeoutMs };
  const host: CallHost = {
    budget: new ByteBudget({ maxBytes, maxConnectionBytes, minConnectionBytes }),
    onOver: (call) => calls.delete(call),
    onLost,
  };
  shutdownSignal?.addEventListener("abort", () =>
    calls.abort(ConnectError.from(shutdownSignal.reason, Code.Unavailable)),
  );

  drainSignal?.addEventListener("abort", () =>
    calls.abortUnreceived(ConnectError.from(drainSignal.reason, Code.Unavailable)),
  );

  const serveDirectly = (
    path: string,
    exchange: () => Exchange,
    isHttp2: boolean,
    request: () => NodeRequest,
  ): boolean => {
    const route = directLane ? routes.unary.get(path) : undefined;
    if (route === undefined) {
      return false;
    }
    const values = contextValues?.(request());
    const call = openUnaryCall(route, exchange(), isHttp2, values, host);
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
        closeInTime(request.stream, requestTimeoutMs);
      }
      fallback(request, response);
    } else {
      const values = (contextValues?.(request) ?? createContextValues()).set(callerKey, caller);
      const observed = observer && new ObservedStockCall(observer, handler.method, request, values);
      if (isGrpcWithoutHttp2(request)) {
        observed?.end(failureIn({ status: 505 }, undefined));
        refuse(request, response, 505);
      } else {
        serveStock(handler, request, response, values, host, stockOptions, observed).catch(onLost);
      }
    }
  };

  return {
    handleRequest: (request, response) => {
      const path = pathOf(request.url);
      const isDirect =
        request instanceof IncomingMessage &&
        response instanceof ServerResponse &&
        serveDirectly(
          path,
          () => new Http1Exchange(request, response),
          false,
          () => request,
        );
      if (!isDirect) {
        serveOtherwise(path, request, response);
      }
    },
    handleStream: (stream, headers, _flags, rawHeaders) => {
      const path = pathOf(headers[":path"]);
      const request = () => new Http2ServerRequest(stream, headers, {}, rawHeaders);
      const exchange = () => new Http2Exchange(stream, headers, onLost);
      if (serveDirectly(path, exchange, true, request)) {
        return;
      }
      stream.on("error", () => {});
      // Node tells of a request's end only once, and it may be the header's.
      const [compatible, response] = [request(), new Http2ServerResponse(stream)];
      afterReads(() => {
        const handler = routes.handlers.get(path);
        if (!stream.closed && !stream.aborted) {
          serveOtherwise(path, compatible, response);
        } else if (handler !== undefined && observer !== undefined) {
          const values = createContextValues().set(callerKey, callerOf(compatible));
          new ObservedStockCall(observer, handler.method, compatible, values).end(callerGone());
        }
      });
    },
  };
}

function pathOf(url = ""): string {
  const end = url.indexOf("?");
  return end === -1 ? url : url.slice(0, end);
}

/** Connect's own handlers would serve it somehow, with trailers that HTTP/1.1 clients drop. */
function isGrpcWithoutHttp2(request: NodeRequest): boolean {
  return (
    request instanceof IncomingMessage &&
    /^application\/grpc(\+proto|\+json(; ?charset=utf-?8)?)?$/i.test(
      request.headers["content-type"] ?? "",
    )
  );
}

function notFound(request: NodeRequest, response: NodeResponse): void {
  refuse(request, response, 404);
}

function refuse(request: NodeRequest, response: NodeResponse, statusCode: number): void {
  request.resume();
  response.statusCode = statusCode;
  response.end();
}
