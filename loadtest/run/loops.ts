import type { Schedule } from "../schedule/schedule.ts";
import type { ClosedLoop } from "./plan.ts";
import type { Recorder } from "./recorder.ts";
import type { Sender } from "./sender.ts";

/** What a loop works with. */
export interface LoopRun {
  readonly recorder: Recorder;
  readonly sender: Sender;
  /** What is random in the calls is drawn from it. */
  readonly seed: string;
  /** The run's begin, on this thread's `performance.now()`. */
  readonly beginMs: number;
  /** Takes the number of the next call, from 1; no other thread gets the same. */
  readonly claim: () => number;
  /** No more calls will be sent. Some may still be in progress. */
  readonly onAllSent: () => void;
}

export interface RunningLoop {
  /** When it sends no more, on this thread's `performance.now()`; Infinity if only a number ends it. */
  readonly untilMs: number;
  /** Sends no more. */
  stop(): void;
  /** To be called at the end: records calls that were due and could not be sent. */
  giveUp(): void;
  /** Calls that were sent late because as many as are allowed were in progress. */
  readonly heldBack: number;
}

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
