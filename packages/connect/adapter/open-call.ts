import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Call, CallHost } from "./call.ts";
import { ConnectCall } from "./connect-call.ts";
import { EnvelopedCall } from "./enveloped-call.ts";
import type { Exchange } from "./exchange.ts";
import {
  connectStreamProtocol,
  type EnvelopedProtocol,
  grpcProtocol,
  grpcWebProtocol,
} from "./protocols.ts";
import { isUnary, type Route, type UnaryRoute } from "./routes.ts";
import { StreamCall } from "./stream-call.ts";

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
export type RejectedStatus = 405 | 415 | 505;

/** Opens a call in the protocol of its request, or returns why that is not possible. */
export function openCall(route: Route, exchange: Exchange, host: CallHost): Call | RejectedStatus {
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
