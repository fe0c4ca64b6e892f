import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { TimedOut, withTimeout } from "./waiting.ts";

const waitMs = 500;

/**
 * Duration of the probe in milliseconds; while it has not returned, undefined and the time waited
 * so far.
 */
type ProbeSample =
  | { readonly ms: number; readonly waitedMs: 0 }
  | { readonly ms: undefined; readonly waitedMs: number };

/**
 * Probe of libuv's pool, which reports nothing itself: a call that takes no time shows how long the
 * queue is. Only one call runs at a time, so that a hung pool is not asked again and again.
 */
export class LibuvProbe {
  #flight: { readonly beganMs: number; readonly ended: Promise<number> } | undefined;

  async sample(): Promise<ProbeSample> {
    this.#flight ??= this.#start();
    const { beganMs, ended } = this.#flight;
    try {
      return { ms: await withTimeout(waitMs, ended), waitedMs: 0 };
    } catch (error) {
      if (error instanceof TimedOut) {
        return { ms: undefined, waitedMs: performance.now() - beganMs };
      }
      throw error;
    }
  }

  #start() {
    const beganMs = performance.now();
    const end = () => {
      this.#flight = undefined;
      return performance.now() - beganMs;
    };
    // A missing folder takes the same threads.
    return { beganMs, ended: stat(".").then(end, end) };
  }
}
