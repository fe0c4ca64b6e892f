import { PerformanceObserver } from "node:perf_hooks";
import { EventLoopVitals } from "@unblock/measure/event-loop";
import type { LatencyHistogram } from "../histogram.ts";
import type { SelfReading } from "./plan.ts";

/** What shows whether the client kept up, over some time. */
export interface Evidence extends Omit<SelfReading, "loopDelayMaxMs"> {
  readonly lengthMs: number;
  readonly latency: LatencyHistogram;
  /** Delay of sends after their intended moments; undefined in a closed loop. */
  readonly lateness: LatencyHistogram | undefined;
}

/** Lateness p99 above which sends count as late; timers alone are late by 1 or 2 ms. */
const maxLateMs = 10;
/** Share of the latency p99 below which lateness does not matter. */
const maxLateShare = 0.1;
const maxStalledShare = 0.05;
const maxGcShare = 0.1;
const maxActiveShare = 0.95;
/** Shorter times are not judged by how busy a thread is, because it still compiles its code. */
const minLengthMs = 500;

/**
 * Returns the reasons why the client, not the server, determined the figures; empty if it kept up.
 * Intervals and whole runs are judged by the same rules.
 */
export function judge(evidence: Evidence): string[] {
  const { lengthMs, latency, lateness, stalledMs, gcMs, activeMs } = evidence;
  const lateP99 = lateness?.percentile(99) ?? 0;
  const isLate = lateP99 > maxLateMs && lateP99 > latency.percentile(99) * maxLateShare;
  const late = isLate ? [`1 % of the calls were sent at least ${lateP99.toFixed(0)} ms late`] : [];
  const shares: [ms: number, maxShare: number, reason: string][] = [
    [stalledMs, maxStalledShare, "its event loop was blocked for"],
    [gcMs, maxGcShare, "it collected garbage for"],
    [activeMs, maxActiveShare, "one of its threads was busy for"],
  ];
  const busy = shares
    .filter(([ms, maxShare]) => lengthMs >= minLengthMs && ms > lengthMs * maxShare)
    .map(([ms, , reason]) => {
      const percent = (Math.min(ms / lengthMs, 1) * 100).toFixed(0);
      return `${reason} ${percent} % of the time`;
    });
  return [...late, ...busy];
}

/** Usual delay of timers; only longer delays count as stalls. */
const usualDelayMs = 5;

/** Monitors this thread's own event loop and garbage collection. */
export interface SelfWatch {
  /** Readings since the previous call. */
  read(): SelfReading;
  close(): void;
}

export function createSelfWatch(): SelfWatch {
  const none = { loopDelayMaxMs: 0, stalledMs: 0, gcMs: 0 };
  let seen = { ...none };
  const loop = new EventLoopVitals();
  loop.onTick((dueMs, nowMs) => {
    const delayMs = nowMs - dueMs;
    seen.loopDelayMaxMs = Math.max(seen.loopDelayMaxMs, delayMs);
    seen.stalledMs += delayMs > usualDelayMs ? delayMs : 0;
  });
  let { activeMs } = loop.totals();
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.gcMs += duration;
    }
  });
  observer.observe({ entryTypes: ["gc"] });

  return {
    read: () => {
      // A delay in progress belongs to this reading, too.
      loop.catchUp();
      const before = activeMs;
      activeMs = loop.totals().activeMs;
      const reading = { ...seen, activeMs: activeMs - before };
      seen = { ...none };
      return reading;
    },
    close: () => {
      loop.close();
      observer.disconnect();
    },
  };
}
