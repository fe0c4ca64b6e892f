import type { LoopSample } from "../../../gen/unblock/v1/lab_pb.ts";

/** A time in which the event loop stood still. */
export interface Frozen {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Shorter ones nobody would call so: a garbage collection, a timer that came late. */
const shortestMs = 25;
/** Between two calls that each block the loop it may come around once. */
const togetherMs = 12;

/** When the loop stood still, as its late looks tell. */
export function frozenSpans(samples: readonly LoopSample[]): Frozen[] {
  const spans: Frozen[] = [];
  for (const { atMs, delayMs } of samples) {
    if (delayMs < shortestMs) {
      continue;
    }
    const last = spans.at(-1);
    const fromMs = Math.max(0, atMs - delayMs);
    if (last !== undefined && fromMs - last.toMs < togetherMs) {
      spans[spans.length - 1] = { fromMs: last.fromMs, toMs: atMs };
    } else {
      spans.push({ fromMs, toMs: atMs });
    }
  }
  return spans;
}
