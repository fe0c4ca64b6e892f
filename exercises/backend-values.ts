import { createHash } from "node:crypto";
import { keyInCache } from "@unblock/backends/cache";

/** A key with an empty value. */
const emptyKey = "empty";
/** Digits of a hash that distinguish values. */
const digits = 6;
const prefix = keyInCache("");

/** Returns a key without the service's prefix. */
export function plainKey(key: string): string {
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

/** Returns the value of a cache key. @param mark differs per window of a check, so that nobody can know it */
export function valueOfKey(mark: string, key: string): string {
  return key === emptyKey ? "" : `cached_data ${hashOf(mark, key)}`;
}

/** Returns the content of the slow disk's file of a number. */
export function configOf(mark: string, number: number): string {
  return JSON.stringify({
    setting_a: `value1 ${hashOf(mark, `a${number}`)}`,
    setting_b: `value2 ${hashOf(mark, `b${number}`)}`,
  });
}

/** Returns a user of the database. */
export function userOf(
  mark: string,
  id: number,
): { readonly name: string; readonly email: string } {
  return { name: `User ${id}${mark}`, email: `user${id}${mark}@example.com` };
}

function hashOf(mark: string, text: string): string {
  return createHash("sha256").update(`${mark} ${text}`).digest("hex").slice(0, digits);
}
