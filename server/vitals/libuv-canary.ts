import { stat } from "node:fs/promises";
import { performance } from "node:perf_hooks";
import { answeredWithin, NoAnswer } from "../give-up.ts";

/** How long whoever asks waits for the canary, in milliseconds. */
const waitMs = 500;

/** The canary's time in milliseconds; undefined while it has not come back, and how long it has waited so far. */
type CanaryLook =
  | { readonly ms: number; readonly waitedMs: 0 }
  | { readonly ms: undefined; readonly waitedMs: number };

/**
 * libuv's pool says nothing of itself; a call that takes no time shows how long its queue is. There is one
 * call at a time, so that a pool whose threads all hang is not asked again and again.
 */
export class LibuvCanary {
  #flight: { readonly beganMs: number; readonly ended: Promise<number> } | undefined;

  async look(): Promise<CanaryLook> {
    this.#flight ??= this.#start();
    const { beganMs, ended } = this.#flight;
    try {
      return { ms: await answeredWithin(waitMs, ended), waitedMs: 0 };
    } catch (error) {
      if (error instanceof NoAnswer) {
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
    // A folder that is gone is told by the same threads.
    return { beganMs, ended: stat(".").then(end, end) };
  }
}
