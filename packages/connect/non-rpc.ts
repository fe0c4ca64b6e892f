import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { Code } from "@connectrpc/connect";
import { shorten } from "@unblock/errors/quote";
import type { Exchange } from "./adapter/exchange.ts";
import { codeName } from "./code-name.ts";
import type { Metrics } from "./observability/metrics.ts";

interface PageFile {
  readonly contentType: string;
  readonly cacheControl: string;
  readonly body: Buffer;
}

/** Files of the page by request path, such as "/" and "/assets/index-1a2b3c.js". */
export type PageFiles = ReadonlyMap<string, PageFile>;

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};
const unknownType = "application/octet-stream";
/** Files whose names have a hash of their content. */
const hashedFolder = "/assets/";
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

/**
 * Reads all files of the built page, once: no file path is ever made from a request.
 *
 * @returns an empty map when the page is not built
 */
export async function readPage(folder: string): Promise<PageFiles> {
  const files = new Map<string, PageFile>();
  for (const path of await listFiles(folder)) {
    const name = `/${relative(folder, path).split(sep).join("/")}`;
    files.set(name === "/index.html" ? "/" : name, {
      contentType: contentTypes[extname(name)] ?? unknownType,
      cacheControl: name.startsWith(hashedFolder)
        ? "public, max-age=31536000, immutable"
        : "no-cache",
      body: await readFile(path),
    });
  }
  return files;
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") {
        return [];
      }
      throw error;
    },
  );
  // Without symbolic links, which may point anywhere.
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export interface NonRpcConfig {
  readonly page: PageFiles;
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  /** Paths of all RPCs, for the message of an unknown one. */
  readonly rpcPaths: readonly string[];
  /** Receives the path of a request for an unknown RPC, truncated to 200 characters. */
  readonly onUnknown: (path: string) => void;
}

/** Serves requests that name no RPC: `/metrics`, the page, and an error for all others. */
export function serveNonRpc({
  page,
  metrics,
  rpcPaths,
  onUnknown,
}: NonRpcConfig): (exchange: Exchange) => void {
  const isBuilt = page.has("/");
  return (exchange) => {
    const { method, path: pathWithQuery } = exchange;
    if (method === "GET" && pathWithQuery === "/metrics") {
      void respondMetrics(exchange, metrics);
      return;
    }
    const path = pathWithQuery.split("?", 1)[0] ?? "/";
    const file = isBuilt ? page.get(path) : path === "/" ? notBuilt : undefined;
    if (file !== undefined && (method === "GET" || method === "HEAD")) {
      respondFile(exchange, isBuilt ? 200 : 404, file);
      return;
    }
    onUnknown(shorten(path));
    const message = `There is no RPC ${shorten(path)}; there are: ${rpcPaths.join(", ")}`;
    respondUnknown(exchange, message);
  };
}

async function respondMetrics(exchange: Exchange, metrics: NonRpcConfig["metrics"]): Promise<void> {
  try {
    const body = Buffer.from(await metrics.text());
    const header = { "content-type": metrics.contentType, "content-length": body.length };
    exchange.respond({ status: 200, header, body });
  } catch {
    exchange.respond({ status: 500, header: {} });
  }
}

function respondFile(
  exchange: Exchange,
  status: number,
  { contentType, cacheControl, body }: PageFile,
): void {
  const header = {
    ...securityHeaders,
    "content-type": contentType,
    "cache-control": cacheControl,
    "content-length": body.length,
  };
  exchange.respond({ status, header, body: exchange.method === "HEAD" ? undefined : body });
}

/** Responds in the protocol of the request. */
function respondUnknown(exchange: Exchange, message: string): void {
  const contentType = exchange.header("content-type") ?? "";
  if (contentType.startsWith("application/grpc")) {
    // gRPC's status is in the trailers, which are the only header of a response without messages.
    const header = {
      "content-type": contentType,
      "grpc-status": String(Code.Unimplemented),
      "grpc-message": encodeURIComponent(message),
    };
    exchange.respond({ status: 200, header });
  } else {
    const body = Buffer.from(JSON.stringify({ code: codeName(Code.Unimplemented), message }));
    const header = { "content-type": "application/json", "content-length": body.length };
    exchange.respond({ status: 404, header, body });
  }
}
