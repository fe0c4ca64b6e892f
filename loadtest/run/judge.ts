import type { LatencyHistogram } from "../histogram.ts";

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
