import type { Interval } from "../report/report.ts";
import type { Loop } from "../run/plan.ts";

/** What a person sees while a load runs: one line that changes on a terminal, lines elsewhere. */
export interface Live {
  interval(interval: Interval): void;
  /** Takes the line away, so that something else can be printed. */
  clear(): void;
}

/** What is written to: a terminal, or a file or pipe. */
export interface LiveStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const barWidth = 20;
/** Lines elsewhere are one a second at first, then one in so many seconds. */
const quietAfterMs = 10_000;
const quietEveryMs = 10_000;

export function createLive(loop: Loop, stream: LiveStream): Live {
  let calls = 0;
  let errors = 0;
  return {
    interval: (interval) => {
      calls += interval.calls;
      errors += interval.errors;
      if (interval.start_ms >= durationOf(loop)) {
        return;
      }
      const { part, text } = progress(loop, interval.end_ms, calls);
      const seconds = (interval.end_ms - interval.start_ms) / 1_000;
      const figures = [
        `${(interval.calls / seconds).toFixed(0)} calls/s`,
        `p50 ${ms(interval.p50_ms)}`,
        `p99 ${ms(interval.p99_ms)}`,
        `${errors} ${errors === 1 ? "error" : "errors"}`,
        ...(interval.client_limited.length > 0 ? ["client-limited"] : []),
      ].join("  ");
      if (stream.isTTY) {
        const done = Math.round(Math.min(1, part) * barWidth);
        const bar = "█".repeat(done) + "░".repeat(barWidth - done);
        stream.write(`\r\x1b[K${bar} ${text}  ${figures}`);
      } else if (interval.end_ms <= quietAfterMs || interval.end_ms % quietEveryMs === 0) {
        stream.write(`${text}  ${figures}\n`);
      }
    },
    clear: () => {
      if (stream.isTTY) {
        stream.write("\r\x1b[K");
      }
    },
  };
}

function progress(loop: Loop, nowMs: number, calls: number): { part: number; text: string } {
  if (loop.kind === "closed" && "requests" in loop.until) {
    const { requests } = loop.until;
    return { part: calls / requests, text: `${calls} of ${requests} calls` };
  }
  const totalMs = durationOf(loop);
  const seconds = (value: number) => (value / 1_000).toFixed(0);
  return {
    part: nowMs / totalMs,
    text: `${seconds(Math.min(nowMs, totalMs))} of ${seconds(totalMs)} s`,
  };
}

/** Infinity when a number of calls ends it. */
function durationOf(loop: Loop): number {
  if (loop.kind === "open") {
    return loop.stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  }
  return "durationMs" in loop.until ? loop.until.durationMs : Number.POSITIVE_INFINITY;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(value < 100 ? 1 : 0)} ms`;
}
