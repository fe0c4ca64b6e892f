import type { Writable } from "node:stream";

/**
 * Calls `late` when a caller has taken nothing of what there is to send for some time. It is looked once
 * in that time, so callers have up to twice as long.
 */
export function whenUntaken(
  answer: Pick<Writable, "writableLength" | "once">,
  timeoutMs: number,
  late: () => void,
): void {
  let waitingBytes = 0;
  const timer = setInterval(() => {
    if (waitingBytes > 0 && answer.writableLength === waitingBytes) {
      late();
    }
    waitingBytes = answer.writableLength;
  }, timeoutMs).unref();
  answer.once("close", () => clearInterval(timer));
}
