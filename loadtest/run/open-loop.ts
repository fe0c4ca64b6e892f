import type { Schedule } from "../schedule/schedule.ts";
import type { LoopRun, RunningLoop } from "./loop-run.ts";

/** So many calls can be in progress in one thread; what is due beyond waits, and its latency counts. */
const mostInProgress = 10_000;

/**
 * Sends calls when they are due, however slow the server is. Threads share one schedule: each holds
 * one call at a time that it has claimed, and sends it when its moment has come.
 */
export function startOpenLoop(
  schedule: Schedule,
  { recorder, sender, seed, beginMs, claim, onAllSent }: LoopRun,
): RunningLoop {
  let n = claim();
  let dueMs = beginMs + schedule.dueMs(n);
  let held = false;
  let heldBack = 0;
  let stopped = false;
  let stoppedMs = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const sendDue = () => {
    clearTimeout(timer);
    while (!stopped && dueMs <= performance.now()) {
      if (recorder.inProgress >= mostInProgress) {
        held = true;
        return;
      }
      heldBack += held ? 1 : 0;
      sender.send(recorder, seed, n, dueMs, held, onEnd);
      n = claim();
      dueMs = beginMs + schedule.dueMs(n);
    }
    held = false;
    if (stopped) {
      return;
    }
    if (dueMs === Number.POSITIVE_INFINITY) {
      stopped = true;
      onAllSent();
      return;
    }
    // Timers have steps of 1 ms; each wake sends all that is due.
    timer = setTimeout(sendDue, Math.max(1, dueMs - performance.now()));
  };
  const onEnd = () => {
    if (held) {
      sendDue();
    }
  };
  sendDue();
  return {
    get heldBack() {
      return heldBack;
    },
    untilMs: beginMs + schedule.durationMs,
    stop: () => {
      if (stopped) {
        return;
      }
      // A timer may be a little late for what is due.
      sendDue();
      if (!stopped) {
        stopped = true;
        stoppedMs = performance.now();
        clearTimeout(timer);
        onAllSent();
      }
    },
    giveUp: () => {
      const nowMs = performance.now();
      while (held && dueMs <= Math.min(nowMs, stoppedMs)) {
        recorder.unsent(n, dueMs, nowMs);
        n = claim();
        dueMs = beginMs + schedule.dueMs(n);
      }
    },
  };
}
