import { PerformanceObserver } from "node:perf_hooks";
import type { SelfReading } from "./messages.ts";

/** How often the loop is looked at, in milliseconds. */
const lookEveryMs = 10;
/** Timers are late by a little on any machine; only more than this counts as a stall. */
const usualDelayMs = 5;

/** Watches this thread's own event loop and garbage collection. */
export interface SelfWatch {
  /** What was seen since the last reading. */
  read(): SelfReading;
  close(): void;
}

export function createSelfWatch(): SelfWatch {
  let loopDelayMaxMs = 0;
  let stalledMs = 0;
  let gcMs = 0;
  let expectedMs = performance.now() + lookEveryMs;
  let active = performance.eventLoopUtilization().active;

  const look = () => {
    const nowMs = performance.now();
    const delayMs = nowMs - expectedMs;
    loopDelayMaxMs = Math.max(loopDelayMaxMs, delayMs);
    if (delayMs > usualDelayMs) {
      stalledMs += delayMs;
    }
    expectedMs = nowMs + lookEveryMs;
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gcMs += duration;
    }
  });
  observer.observe({ entryTypes: ["gc"] });

  return {
    read: () => {
      // A delay that is not over yet belongs to this reading, too.
      if (performance.now() - expectedMs > usualDelayMs) {
        look();
      }
      const activeNow = performance.eventLoopUtilization().active;
      const reading = { loopDelayMaxMs, stalledMs, gcMs, activeMs: activeNow - active };
      loopDelayMaxMs = 0;
      stalledMs = 0;
      gcMs = 0;
      active = activeNow;
      return reading;
    },
    close: () => {
      clearInterval(timer);
      observer.disconnect();
    },
  };
}
