import { setTimeout } from "node:timers/promises";

/** Resolves after a time, and keeps nobody from exiting until then. */
export function after(ms: number): Promise<undefined> {
  return setTimeout(ms, undefined, { ref: false });
}
