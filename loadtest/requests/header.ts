import { validateHeaderName, validateHeaderValue } from "node:http";

/** The protocols, or the HTTP connection, say themselves what is in these. */
const reserved =
  /^(content-type|content-length|host|te|user-agent|connection|keep-alive|upgrade|expect|transfer-encoding|grpc-.*|connect-.*)$/;

/**
 * Reads headers such as "authorization: Bearer x"; values may be templates.
 *
 * @returns by lower-case name
 * @throws Error when one is no header, comes twice, or is the protocol's own
 */
export function parseHeaders(texts: readonly string[]): Record<string, string> {
  // An object has a `constructor` from the start, and none called __proto__ can be assigned to it.
  const headers = new Map<string, string>();
  for (const text of texts) {
    const colon = text.indexOf(":");
    const name = text.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new Error(`Expected --header to be like "name: value", got "${text}"`);
    }
    if (reserved.test(name)) {
      throw new Error(`Expected --header to be one that the protocol does not set, got "${name}"`);
    }
    if (headers.has(name)) {
      throw new Error(`Expected each --header once, got "${name}" twice`);
    }
    headers.set(name, value);
  }
  return Object.fromEntries(headers);
}
