import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { ConnectNodeAdapterOptions } from "@connectrpc/connect-node";
import { shorten } from "../quote.ts";

/**
 * Answers a path that is no RPC, in the protocol of whoever asks.
 *
 * @param onUnknown told of the path, at most 200 characters of it
 */
export function createNotFound(
  rpcPaths: readonly string[],
  onUnknown: (path: string) => void,
): NonNullable<ConnectNodeAdapterOptions["fallback"]> {
  return (request, response) => {
    const path = shorten((request.url ?? "/").split("?", 1)[0] ?? "/");
    const message = `There is no RPC ${path}; there are: ${rpcPaths.join(", ")}`;
    const contentType = request.headers["content-type"] ?? "";
    request.resume();
    onUnknown(path);
    if (contentType.startsWith("application/grpc")) {
      // gRPC puts the status of a call into the trailers, and a call without an answer has only those.
      response.statusCode = 200;
      response.setHeader("content-type", contentType);
      response.setHeader("grpc-status", String(Code.Unimplemented));
      response.setHeader("grpc-message", encodeURIComponent(message));
      response.end();
    } else {
      response.statusCode = 404;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ code: codeToString(Code.Unimplemented), message }));
    }
  };
}
