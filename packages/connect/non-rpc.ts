import { Code } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import type { ConnectNodeAdapterOptions } from "@connectrpc/connect-node";
import { shorten } from "@unblock/errors/quote";
import type { Metrics } from "./observability/metrics.ts";
import type { PageFile, PageFiles } from "./page-files.ts";

type Handler = NonNullable<ConnectNodeAdapterOptions["fallback"]>;
type Response = Parameters<Handler>[1];

/** The page loads nothing from other origins, has no inline script, and is shown in no frame. */
const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};
const notBuilt: PageFile = {
  contentType: "text/plain; charset=utf-8",
  cacheControl: "no-store",
  body: Buffer.from(
    "The page is not built. Run `npm run build`, then restart the server.\n" +
      "The exercises are served without it.\n",
  ),
};

export interface NonRpcConfig {
  readonly page: PageFiles;
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  /** Paths of all RPCs, for the message of an unknown one. */
  readonly rpcPaths: readonly string[];
  /** Receives the path of a request for an unknown RPC, truncated to 200 characters. */
  readonly onUnknown: (path: string) => void;
}

/** Serves requests that name no RPC: `/metrics`, the page, and an error for all others. */
export function serveNonRpc({ page, metrics, rpcPaths, onUnknown }: NonRpcConfig): Handler {
  const isBuilt = page.has("/");
  return (request, response) => {
    request.resume();
    const { method, url = "/" } = request;
    if (method === "GET" && url === "/metrics") {
      respondMetrics(response, metrics);
      return;
    }
    const path = url.split("?", 1)[0] ?? "/";
    const file = isBuilt ? page.get(path) : path === "/" ? notBuilt : undefined;
    if (file !== undefined && (method === "GET" || method === "HEAD")) {
      respondFile(response, isBuilt ? 200 : 404, file, method === "HEAD");
      return;
    }
    onUnknown(shorten(path));
    const message = `There is no RPC ${shorten(path)}; there are: ${rpcPaths.join(", ")}`;
    respondUnknown(response, request.headers["content-type"] ?? "", message);
  };
}

function respondMetrics(response: Response, metrics: NonRpcConfig["metrics"]): void {
  metrics.text().then(
    (text) => {
      response.setHeader("content-type", metrics.contentType);
      response.end(text);
    },
    () => {
      response.statusCode = 500;
      response.end();
    },
  );
}

function respondFile(
  response: Response,
  status: number,
  { contentType, cacheControl, body }: PageFile,
  isHead: boolean,
): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(securityHeaders)) {
    response.setHeader(name, value);
  }
  response.setHeader("content-type", contentType);
  response.setHeader("cache-control", cacheControl);
  response.setHeader("content-length", String(body.length));
  response.end(isHead ? "" : body);
}

/** Responds in the protocol of the request. */
function respondUnknown(response: Response, contentType: string, message: string): void {
  if (contentType.startsWith("application/grpc")) {
    // gRPC's status is in the trailers, which are the only header of a response without messages.
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
}
