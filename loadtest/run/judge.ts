import { PerformanceObserver } from "node:perf_hooks";
import type { LatencyHistogram } from "../histogram.ts";
import type { SelfReading } from "./plan.ts";

/** What shows whether the client kept up, over some time. */
export interface Evidence {
  readonly lengthMs: number;
  readonly latency: LatencyHistogram;
  /** Delay of sends after their intended moments; undefined in a closed loop. */
  readonly lateness: LatencyHistogram | undefined;
  /** Like the following, of the thread with the worst value. */
  readonly stalledMs: number;
  readonly gcMs: number;
  readonly activeMs: number;
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
  const reasons: string[] = [];
  const lateP99 = lateness?.percentile(99) ?? 0;
  if (lateP99 > maxLateMs && lateP99 > latency.percentile(99) * maxLateShare) {
    reasons.push(`1 % of the calls were sent at least ${lateP99.toFixed(0)} ms late`);
  }
  if (lengthMs < minLengthMs) {
    return reasons;
  }
  if (stalledMs > lengthMs * maxStalledShare) {
    reasons.push(`its event loop was blocked for ${percent(stalledMs / lengthMs)} of the time`);
  }
  if (gcMs > lengthMs * maxGcShare) {
    reasons.push(`it collected garbage for ${percent(gcMs / lengthMs)} of the time`);
  }
  if (activeMs > lengthMs * maxActiveShare) {
    reasons.push(`one of its threads was busy ${percent(activeMs / lengthMs)} of the time`);
  }
  return reasons;
}

function percent(share: number): string {
  return `${(Math.min(share, 1) * 100).toFixed(0)} %`;
}

const sampleIntervalMs = 10;
/** Usual delay of timers; only longer delays count as stalls. */
const usualDelayMs = 5;

/** Monitors this thread's own event loop and garbage collection. */
export interface SelfWatch {
  /** Readings since the previous call. */
  read(): SelfReading;
  close(): void;
}

export function createSelfWatch(): SelfWatch {
  let loopDelayMaxMs = 0;
  let stalledMs = 0;
  let gcMs = 0;
  let expectedMs = performance.now() + sampleIntervalMs;
  let active = performance.eventLoopUtilization().active;

  const sample = () => {
    const nowMs = performance.now();
    const delayMs = nowMs - expectedMs;
    loopDelayMaxMs = Math.max(loopDelayMaxMs, delayMs);
    if (delayMs > usualDelayMs) {
      stalledMs += delayMs;
    }
    expectedMs = nowMs + sampleIntervalMs;
  };
  const timer = setInterval(sample, sampleIntervalMs);
  timer.unref();
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gcMs += duration;
    }
  });
  observer.observe({ entryTypes: ["gc"] });

  return {
    read: () => {
      // A delay in progress belongs to this reading, too.
      if (performance.now() - expectedMs > usualDelayMs) {
        sample();
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
