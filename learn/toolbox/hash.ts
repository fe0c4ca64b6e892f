/** C: the hash that costs CPU on purpose. */
import { computeHash } from "../../server/exercises/compute-hash/work.ts";
import { holdThread } from "../service/blocking-calls.ts";

/**
 * SHA-256, applied `rounds` times: to the data, then to the hash itself. The calling thread
 * computes all the while.
 *
 * @param stopped asked now and then; when it says true, the rest is not computed and this throws
 */
export function hashChain(data: string, rounds: number, stopped = () => false): string {
  return holdThread("computing", () => computeHash({ data, rounds }, { stopped }));
}
