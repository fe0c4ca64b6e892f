import type { TraceHeaders } from "@unblock/connect/observability/opentelemetry";
import { backendUnavailable, Failure, InvalidRequest } from "@unblock/errors/failure";
import { quote, shorten } from "@unblock/errors/quote";
import { fetchBackend, readAtMost } from "./http.ts";

const backend = "images";
const maxBytes = 2 * 1024 * 1024;
const maxRedirects = 3;

/**
 * Hosts that images may come from, each with the base URL that serves it. Any other host is
 * rejected, also as the target of a redirect: callers must not reach the server's own network
 * through it.
 */
export type ImageHosts = Readonly<Record<string, string>>;

export interface ImageRequest {
  readonly imageUrl: string;
  readonly hosts: ImageHosts;
  /** Trace of the request, when another thread sends it. */
  readonly trace?: TraceHeaders | undefined;
}

/**
 * Downloads an image from an allowed host.
 *
 * @throws Failure "invalid" (not an http URL, too large), "forbidden" (host), "not-found" (404) or
 *   "unavailable" (service)
 */
export async function downloadImage(
  { imageUrl, hosts, trace }: ImageRequest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const image_url = shorten(imageUrl);
  let url = imageUrl;
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const request = { signal, trace, redirect: "manual" } as const;
    const response = await fetchBackend(backend, allowedUrl(url, hosts), request);
    const { status } = response;
    if (response.ok) {
      return readAtMost(backend, response, maxBytes, () => {
        throw new Failure("UNBLOCK_IMAGE_TOO_LARGE", { image_url, max_bytes: maxBytes });
      });
    }
    await response.body?.cancel();
    if (status === 404) {
      throw new Failure("UNBLOCK_IMAGE_NOT_FOUND", { image_url });
    }
    if (status < 300 || status >= 400) {
      throw new Failure("UNBLOCK_BACKEND_STATUS", { backend, status });
    }
    const location = response.headers.get("location");
    const target = location === null ? null : URL.parse(location, url);
    if (!target) {
      throw backendUnavailable(backend, `HTTP status ${status} without a URL to go on to`);
    }
    url = target.href;
  }
  throw new Failure("UNBLOCK_IMAGE_REDIRECTS", { image_url, max_redirects: maxRedirects });
}

export function allowedUrl(imageUrl: string, hosts: ImageHosts): string {
  const url = URL.parse(imageUrl);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw invalid(imageUrl, "image_url to be an http or https URL");
  }
  const base = Object.hasOwn(hosts, url.host) ? hosts[url.host] : undefined;
  if (base === undefined) {
    throw new Failure("UNBLOCK_IMAGE_HOST_FORBIDDEN", {
      host: shorten(url.host),
      allowed: Object.keys(hosts).join(", "),
    });
  }
  if (climbs(url.pathname)) {
    throw invalid(
      imageUrl,
      "the path of image_url to have no encoded slashes, backslashes or dots",
    );
  }
  return `${base}${url.pathname}${url.search}`;
}

function invalid(imageUrl: string, expected: string): InvalidRequest {
  const description = `Expected ${expected}, got ${quote(imageUrl)}.`;
  return new InvalidRequest([{ field: "image_url", description }]);
}

/** No honest path is encoded more often. */
const maxEncodings = 5;

/**
 * Whether a server that decodes a path, once or repeatedly, could find other segments in it and
 * leave the images' folder. URL.parse() has already resolved dots and backslashes that are not
 * encoded.
 */
function climbs(pathname: string): boolean {
  const segments = pathname.split("/").length;
  let decoded = pathname;
  for (let encodings = 0; encodings <= maxEncodings; encodings++) {
    const parts = decoded.split(/[/\\]/);
    if (
      parts.length !== segments ||
      // Some servers cut off what follows a semicolon.
      parts.some((part) => /^\.{1,2}(;|$)/.test(part)) ||
      // Escapes that are not UTF-8, which old servers take for ASCII characters.
      /%(u|c[01])|\0/i.test(decoded)
    ) {
      return true;
    }
    const next = decoded.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (next === decoded) {
      return false;
    }
    decoded = next;
  }
  return true;
}
