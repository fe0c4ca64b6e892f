/** C: a hash that costs CPU on purpose. */
import { computeHash } from "@unblock/exercises/compute-hash/work";
import { holdThread } from "../service/blocking-calls.ts";

/**
 * Applies SHA-256 `rounds` times: to the data, then to the hash itself. Computes in the calling thread.
 *
 * @param stopped polled now and then; when it returns true, this throws instead of computing the rest
 */
export function hashChain(data: string, rounds: number, stopped = () => false): string {
  return holdThread("computing", () => computeHash({ data, rounds }, { stopped }));
}
