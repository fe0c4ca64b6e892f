import { announce } from "../../harness/announce.ts";

/** What servers are asked between loads. */
export interface Answers {
  /** CPU time of the process so far, in milliseconds. */
  readonly cpuMs: number;
  /** What the heap holds after a collection, in bytes. Node must run with --expose-gc. */
  readonly heapBytes: number;
}

/** Announces a server that can be asked. */
export function announceServer(url: string): void {
  announce(url, {
    cpuMs: (): Answers["cpuMs"] => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    heapBytes: (): Answers["heapBytes"] => {
      // What finalizers let go of is collected the second time.
      globalThis.gc?.();
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    },
  });
}
