import type { ServerHttp2Stream } from "node:http2";
import { answer } from "./grpc-over-http2.ts";

/** Timers have steps of 1 ms and may come up to two early or late; the rest is waited for in turns. */
const timerStepMs = 2;

/**
 * Answers each call after a delay, never sooner: a timer alone may come early, and a limit that is
 * computed from the delay would then be wrong.
 */
export function answerAfter(delayMs: number): (stream: ServerHttp2Stream) => void {
  // All wait equally long, so the first to come is the first to go.
  const waiting: { readonly stream: ServerHttp2Stream; readonly dueMs: number }[] = [];
  let scheduled = false;

  const schedule = () => {
    const [first] = waiting;
    scheduled = first !== undefined;
    if (first) {
      const restMs = first.dueMs - performance.now();
      if (restMs > timerStepMs) {
        setTimeout(answerDue, restMs - timerStepMs);
      } else {
        setImmediate(answerDue);
      }
    }
  };
  const answerDue = () => {
    const nowMs = performance.now();
    const later = waiting.findIndex(({ dueMs }) => dueMs > nowMs);
    for (const { stream } of waiting.splice(0, later === -1 ? waiting.length : later)) {
      answer(stream);
    }
    schedule();
  };
  return (stream) => {
    waiting.push({ stream, dueMs: performance.now() + delayMs });
    if (!scheduled) {
      schedule();
    }
  };
}
