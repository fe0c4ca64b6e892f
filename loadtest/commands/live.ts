import { count } from "@unblock/terminal/numbers";
import { openProgressLine } from "@unblock/terminal/text";
import { threeDigits } from "../report/format.ts";
import type { Interval } from "../report/report.ts";
import { durationMsOf, type Loop, requestsOf } from "../run/plan.ts";

const barWidth = 20;
/** Time after which lines are printed every `quietIntervalMs` instead of every second. */
const quietAfterMs = 10_000;
const quietIntervalMs = 10_000;

/** Shows the progress of a load: one line that is updated on a terminal, otherwise lines. */
export function createLive(loop: Loop, stream: Parameters<typeof openProgressLine>[0]) {
  const line = openProgressLine(stream);
  const totalMs = durationMsOf(loop);
  let calls = 0;
  let errors = 0;
  return {
    interval: (interval: Interval) => {
      calls += interval.calls;
      errors += interval.errors;
      if (interval.start_ms >= totalMs) {
        return;
      }
      const { share, text } = progress(loop, interval.end_ms, calls);
      const seconds = (interval.end_ms - interval.start_ms) / 1_000;
      const figures = [
        `${(interval.calls / seconds).toFixed(0)} calls/s`,
        `p50 ${threeDigits(interval.p50_ms)} ms`,
        `p99 ${threeDigits(interval.p99_ms)} ms`,
        count(errors, "error"),
        ...(interval.client_limited.length > 0 ? ["client-limited"] : []),
      ].join("  ");
      if (stream.isTTY) {
        const done = Math.round(Math.min(1, share) * barWidth);
        const bar = "█".repeat(done) + "░".repeat(barWidth - done);
        line.show(() => `${bar} ${text}  ${figures}`);
      } else if (interval.end_ms <= quietAfterMs || interval.end_ms % quietIntervalMs === 0) {
        stream.write(`${text}  ${figures}\n`);
      }
    },
    clear: line.clear,
  };
}

function progress(loop: Loop, nowMs: number, calls: number): { share: number; text: string } {
  const requests = requestsOf(loop);
  if (requests !== undefined) {
    return { share: calls / requests, text: `${calls} of ${requests} calls` };
  }
  const totalMs = durationMsOf(loop);
  const [now, total] = [Math.min(nowMs, totalMs), totalMs].map((ms) => (ms / 1_000).toFixed(0));
  return { share: nowMs / totalMs, text: `${now} of ${total} s` };
}
