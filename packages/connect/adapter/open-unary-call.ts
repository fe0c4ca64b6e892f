import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { ContextValues } from "@connectrpc/connect";
import { ConnectCall } from "./connect-call.ts";
import type { Exchange } from "./exchange.ts";
import { GrpcCall, GrpcWebCall, grpcProtocol, grpcWebProtocol } from "./grpc-call.ts";
import type { UnaryRoute } from "./routes.ts";
import type { CallHost, UnaryCall } from "./unary-call.ts";

interface Format {
  readonly protocol: "connect" | "grpc" | "grpcWeb";
  readonly isBinary: boolean;
}

const formats: ReadonlyMap<string, Format> = new Map([
  ["application/proto", { protocol: "connect", isBinary: true }],
  ["application/json", { protocol: "connect", isBinary: false }],
  ["application/json; charset=utf-8", { protocol: "connect", isBinary: false }],
  ["application/grpc", { protocol: "grpc", isBinary: true }],
  ["application/grpc+proto", { protocol: "grpc", isBinary: true }],
  ["application/grpc+json", { protocol: "grpc", isBinary: false }],
  ["application/grpc-web", { protocol: "grpcWeb", isBinary: true }],
  ["application/grpc-web+proto", { protocol: "grpcWeb", isBinary: true }],
  ["application/grpc-web+json", { protocol: "grpcWeb", isBinary: false }],
]);

/** Returns a content type in lower case, and JSON without its only charset. */
function normalized(contentType: string): string {
  return contentType.toLowerCase().replace(/(?<=json); ?charset=utf-?8$/, "");
}

/** Opens a call on the fast path. Returns undefined for a request that only Connect's handlers serve. */
export function openUnaryCall(
  route: UnaryRoute,
  exchange: Exchange,
  values: ContextValues | undefined,
  host: CallHost,
): UnaryCall | undefined {
  if (exchange.method === "GET") {
    return openGet(route, exchange, values, host);
  }
  const contentType = exchange.header("content-type") ?? "";
  const format =
    exchange.method === "POST"
      ? (formats.get(contentType) ?? formats.get(normalized(contentType)))
      : undefined;
  switch (format?.protocol) {
    case "connect":
      return new ConnectCall(route, exchange, format.isBinary, undefined, values, host);
    case "grpcWeb":
      return new GrpcWebCall(grpcWebProtocol, route, exchange, format.isBinary, values, host);
    case "grpc":
      return exchange.hasTrailers
        ? new GrpcCall(grpcProtocol, route, exchange, format.isBinary, values, host)
        : undefined;
    case undefined:
      return undefined;
  }
}

/** @see https://connectrpc.com/docs/protocol/#unary-get-request */
function openGet(
  route: UnaryRoute,
  exchange: Exchange,
  values: ContextValues | undefined,
  host: CallHost,
): UnaryCall | undefined {
  if (route.spec.method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) {
    return undefined;
  }
  const query = new URLSearchParams(exchange.path.split("?", 2)[1]);
  const encoding = query.get("encoding");
  return encoding === "proto" || encoding === "json"
    ? new ConnectCall(route, exchange, encoding === "proto", query, values, host)
    : undefined;
}
