import type { ConnectNodeAdapterOptions } from "@connectrpc/connect-node";
import type { PageFiles } from "./page-files.ts";

type Fallback = NonNullable<ConnectNodeAdapterOptions["fallback"]>;

/** The page takes nothing from elsewhere, has no script in its markup, and is shown in no other page. */
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
const notBuilt = Buffer.from(
  "The page is not built. Run `npm run build`, then start the server again.\n" +
    "The exercises are served without it.\n",
);

/** Serves the page's files; what is none of them goes on to `next`. */
export function servePage(files: PageFiles, next: Fallback): Fallback {
  const page = files.has("/")
    ? files
    : new Map([
        [
          "/",
          { contentType: "text/plain; charset=utf-8", cacheControl: "no-store", body: notBuilt },
        ],
      ]);
  const status = page === files ? 200 : 404;
  return (request, response) => {
    const { method } = request;
    const file = page.get((request.url ?? "").split("?", 1)[0] ?? "");
    if (file === undefined || (method !== "GET" && method !== "HEAD")) {
      next(request, response);
      return;
    }
    request.resume();
    response.statusCode = status;
    for (const [name, value] of Object.entries(securityHeaders)) {
      response.setHeader(name, value);
    }
    response.setHeader("content-type", file.contentType);
    response.setHeader("cache-control", file.cacheControl);
    response.setHeader("content-length", String(file.body.length));
    response.end(method === "HEAD" ? "" : file.body);
  };
}
