import type { LoopRun, RunningLoop } from "./loop-run.ts";
import type { ClosedLoop } from "./plan.ts";

/**
 * Keeps this thread's share of the calls in progress, each followed by the next; calls `onAllSent`
 * when there are no more to send.
 *
 * @param callers how many calls this thread keeps in progress
 */
export function startClosedLoop(
  { until }: ClosedLoop,
  callers: number,
  { recorder, sender, seed, beginMs, claim, onAllSent }: LoopRun,
): RunningLoop {
  const most = "requests" in until ? until.requests : Number.POSITIVE_INFINITY;
  const untilMs = "durationMs" in until ? beginMs + until.durationMs : Number.POSITIVE_INFINITY;
  let stopped = false;

  const next = () => {
    const nowMs = performance.now();
    const n = stopped || nowMs >= untilMs ? Number.POSITIVE_INFINITY : claim();
    if (n <= most && n !== Number.POSITIVE_INFINITY) {
      sender.send(recorder, seed, n, nowMs, false, next);
    } else if (!stopped) {
      // Others may never end, and nothing comes after them either.
      stopped = true;
      onAllSent();
    }
  };
  for (let caller = 0; caller < callers; caller++) {
    next();
  }
  return {
    heldBack: 0,
    untilMs,
    stop: () => {
      stopped = true;
    },
    giveUp: () => {},
  };
}
