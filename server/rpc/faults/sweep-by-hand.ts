import { afterEach, beforeEach, vi } from "vitest";
import { defaultTimeLimits } from "../listener/limits.ts";

/** Has the server look at its calls when the test says so, and not by a timer. All else is real. */
export function sweepByHand(): () => void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return () => vi.advanceTimersByTime(defaultTimeLimits.requestMs);
}
