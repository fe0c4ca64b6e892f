import { LatencyHistogram } from "../histogram.ts";
import type { Detail, Report } from "../report/report.ts";

/** A piece of a run: what is resampled. */
export interface Block {
  readonly seconds: number;
  readonly calls: number;
  readonly errors: number;
  readonly latencies: readonly { readonly ms: number; readonly count: number }[];
}

export interface Run {
  readonly blocks: readonly Block[];
  /** Too short to be cut into pieces; then calls are taken for independent, which they are not quite. */
  readonly isShort: boolean;
}

const leastBlocks = 5;

/** A run as pieces of time: its intervals, or the seconds of a ghz report's calls. */
export function blocksOf(report: Report): Run {
  const blocks = report.unblock
    ? report.unblock.intervals
        .filter(({ calls }) => calls > 0)
        .map(({ start_ms, end_ms, calls, errors, histogram }) => ({
          seconds: (end_ms - start_ms) / 1_000,
          calls,
          errors,
          latencies: [...LatencyHistogram.decode(histogram).buckets()],
        }))
    : blocksOfDetails(report.details ?? []);
  return { blocks, isShort: blocks.length < leastBlocks };
}

function blocksOfDetails(details: readonly Detail[]): Block[] {
  const bySecond = new Map<number, Detail[]>();
  for (const detail of details) {
    const second = Math.floor(Date.parse(detail.timestamp) / 1_000);
    const others = bySecond.get(second);
    if (others) {
      others.push(detail);
    } else {
      bySecond.set(second, [detail]);
    }
  }
  return [...bySecond.values()].map((calls) => {
    const histogram = new LatencyHistogram();
    for (const { latency } of calls) {
      histogram.record(latency / 1e6);
    }
    return {
      seconds: 1,
      calls: calls.length,
      errors: calls.filter(({ status }) => status !== "OK").length,
      latencies: [...histogram.buckets()],
    };
  });
}
