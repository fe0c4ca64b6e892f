import { createHash } from "node:crypto";
import { keyInCache } from "../../../server/backends/cache.ts";

/** A key that is there, and holds nothing. */
const emptyKey = "empty";
const prefix = keyInCache("");
/** How much of a hash tells values apart. */
const digits = 6;

/** Without what the service puts in front of its keys. */
export function plainKey(key: string): string {
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

/** What a key of the cache holds. @param mark differs from check to check, so that nobody can know it */
export function valueOfKey(mark: string, key: string): string {
  return key === emptyKey ? "" : `cached_data ${hashOf(mark, key)}`;
}

/** The content of the slow disk's file of that number. */
export function configOf(mark: string, number: number): string {
  return JSON.stringify({
    setting_a: `value1 ${hashOf(mark, `a${number}`)}`,
    setting_b: `value2 ${hashOf(mark, `b${number}`)}`,
  });
}

/** A user as the database has it. */
export function userOf(
  mark: string,
  id: number,
): { readonly name: string; readonly email: string } {
  return { name: `User ${id}${mark}`, email: `user${id}${mark}@example.com` };
}

function hashOf(mark: string, text: string): string {
  return createHash("sha256").update(`${mark} ${text}`).digest("hex").slice(0, digits);
}
