import type { Interceptor } from "@connectrpc/connect";
import { Failure } from "../../errors.ts";
import { quote } from "../../quote.ts";

/**
 * Rejects calls by GET that a page of another site has a browser make: an image or a link needs no permission
 * of the server, and would have it work for nothing. Other methods have a preflight.
 *
 * @param isAllowed whether pages of an origin may call
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function rejectCrossSiteGets(isAllowed: (origin: string) => boolean): Interceptor {
  return (next) => (request) => {
    if (
      request.requestMethod === "GET" &&
      request.header.get("sec-fetch-site")?.toLowerCase() === "cross-site"
    ) {
      const origin = request.header.get("origin");
      if (origin === null || !isAllowed(origin)) {
        const got = origin === null ? "one of another site" : quote(origin);
        throw new Failure("UNBLOCK_CROSS_SITE", { got });
      }
    }
    return next(request);
  };
}
