import type { ClosedLoop } from "./plan.ts";
import type { Recorder } from "./recorder.ts";
import type { Schedule } from "./schedule.ts";
import type { Sender } from "./sender.ts";

/** What a loop works with. Times are on this thread's `performance.now()`. */
export interface LoopRun {
  readonly recorder: Recorder;
  readonly send: Sender;
  readonly startMs: number;
  /** Number of this thread's connections. */
  readonly connections: number;
  /** Takes the number of the next call, from 1; unique among all threads. */
  readonly claim: () => number;
  /** Called when no more calls will be sent. Some may be in progress. */
  readonly onAllSent: () => void;
}

export interface RunningLoop {
  /** Time after which nothing is sent; Infinity if a number of calls ends the loop. */
  readonly untilMs: number;
  /** Sends no more calls. */
  stop(): void;
  /** Records calls that were due and could not be sent. Called at the end. */
  recordUnsent(): void;
  /** Calls sent late because the maximum was in progress. */
  readonly heldBack: number;
}

/**
 * Keeps this thread's share of calls in progress, each followed by the next of the same caller, which
 * stays on its connection: what one read brought leads to one write. Fewer callers than connections use
 * all of them in turn.
 *
 * @param callers the share
 */
export function startClosedLoop(
  { until }: ClosedLoop,
  callers: number,
  { send, startMs, connections, claim, onAllSent }: LoopRun,
): RunningLoop {
  const maxCalls = "requests" in until ? until.requests : Number.MAX_SAFE_INTEGER;
  const untilMs = "durationMs" in until ? startMs + until.durationMs : Number.POSITIVE_INFINITY;
  let stopped = false;

  const next = (connection: number | undefined, again: () => void) => {
    const nowMs = performance.now();
    const n = stopped || nowMs >= untilMs ? Number.POSITIVE_INFINITY : claim();
    if (n <= maxCalls) {
      send(n, nowMs, false, again, connection);
    } else if (!stopped) {
      // The first caller that finds no call reports it: other calls may never end.
      stopped = true;
      onAllSent();
    }
  };
  for (let caller = 0; caller < callers; caller++) {
    const connection = callers < connections ? undefined : caller;
    const again = () => next(connection, again);
    again();
  }
  const stop = () => {
    stopped = true;
  };
  return { heldBack: 0, untilMs, stop, recordUnsent: () => {} };
}

/** Maximum of calls in progress per thread; calls due beyond it wait, and their latency counts it. */
const maxInProgress = 10_000;

/**
 * Sends calls when they are due, however slow the server is. Threads share one schedule: each thread
 * claims one call at a time and sends it when it is due.
 */
export function startOpenLoop(
  schedule: Schedule,
  { recorder, send, startMs, claim, onAllSent }: LoopRun,
): RunningLoop {
  let n = claim();
  let dueMs = startMs + schedule.dueMs(n);
  let held = false;
  let heldBack = 0;
  let stopped = false;
  let stoppedMs = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const claimNext = () => {
    n = claim();
    dueMs = startMs + schedule.dueMs(n);
  };
  const end = () => {
    stopped = true;
    clearTimeout(timer);
    onAllSent();
  };
  const sendDue = () => {
    clearTimeout(timer);
    while (!stopped && dueMs <= performance.now()) {
      if (recorder.inProgress >= maxInProgress) {
        held = true;
        return;
      }
      heldBack += held ? 1 : 0;
      send(n, dueMs, held, onEnd);
      claimNext();
    }
    held = false;
    if (dueMs === Number.POSITIVE_INFINITY && !stopped) {
      end();
    } else if (!stopped) {
      // Timers have a resolution of 1 ms; each wake-up sends all calls that are due.
      timer = setTimeout(sendDue, Math.max(1, dueMs - performance.now()));
    }
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
    untilMs: startMs + schedule.durationMs,
    stop: () => {
      // The timer may be late for calls that are due.
      if (!stopped) {
        sendDue();
      }
      if (!stopped) {
        stoppedMs = performance.now();
        end();
      }
    },
    recordUnsent: () => {
      const nowMs = performance.now();
      while (held && dueMs <= Math.min(nowMs, stoppedMs)) {
        recorder.unsent(n, dueMs, nowMs);
        claimNext();
      }
    },
  };
}
