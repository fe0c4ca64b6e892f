import { PerformanceObserver } from "node:perf_hooks";
import type { LatencyHistogram } from "../histogram.ts";
import type { SelfReading } from "./plan.ts";

/** What tells whether the client kept up, over some time. */
export interface Evidence {
  readonly lengthMs: number;
  readonly latency: LatencyHistogram;
  /** How late calls were sent; undefined in a closed loop, whose calls have no moment to miss. */
  readonly lateness: LatencyHistogram | undefined;
  /** Of the thread that did worst. */
  readonly stalledMs: number;
  readonly gcMs: number;
  readonly activeMs: number;
}

/** A later send than this can be felt; timers alone are late by 1 ms or two. */
const lateMs = 10;
/** Less than this part of the latency changes nothing that a reader would conclude. */
const latePart = 0.1;
const mostStalled = 0.05;
const mostCollecting = 0.1;
const mostActive = 0.95;
/** Shorter times say nothing about how busy a thread is: it compiles its code in them. */
const leastLengthMs = 500;

/**
 * Why the client and not the server made the figures, in words for people; empty when it did not. An
 * interval and a whole run are judged by the same rules.
 */
export function judge(evidence: Evidence): string[] {
  const { lengthMs, latency, lateness, stalledMs, gcMs, activeMs } = evidence;
  const reasons: string[] = [];
  const lateP99 = lateness?.percentile(99) ?? 0;
  if (lateP99 > lateMs && lateP99 > latency.percentile(99) * latePart) {
    reasons.push(`1 % of the calls were sent ${lateP99.toFixed(0)} ms late or more`);
  }
  if (lengthMs < leastLengthMs) {
    return reasons;
  }
  if (stalledMs > lengthMs * mostStalled) {
    reasons.push(`its event loop was blocked for ${percent(stalledMs / lengthMs)} of the time`);
  }
  if (gcMs > lengthMs * mostCollecting) {
    reasons.push(`it collected garbage for ${percent(gcMs / lengthMs)} of the time`);
  }
  if (activeMs > lengthMs * mostActive) {
    reasons.push(`a thread of it was busy ${percent(activeMs / lengthMs)} of the time`);
  }
  return reasons;
}

function percent(part: number): string {
  return `${(Math.min(part, 1) * 100).toFixed(0)} %`;
}

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
