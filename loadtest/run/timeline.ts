import { LatencyHistogram } from "../histogram.ts";
import type { Interval } from "../report/report.ts";
import { type Evidence, judge } from "./judge.ts";
import type { IntervalPart } from "./messages.ts";
import { intervalMs } from "./recorder.ts";

/** More intervals than this are joined two by two, and so are those to come: a run can be of any length. */
const mostIntervals = 600;

/** Intervals while they are collected; histograms of those that are complete are kept encoded. */
interface Slice {
  readonly startMs: number;
  readonly endMs: number;
  readonly sent: number;
  readonly calls: number;
  readonly errors: number;
  readonly inProgress: number;
  readonly loopDelayMaxMs: number;
  readonly stalledMs: number;
  readonly gcMs: number;
  readonly activeMs: number;
  readonly latency: string;
  readonly lateness: string | undefined;
}

/** What a run was like over time, put together from what its threads report. */
export class Timeline {
  #slices: Slice[] = [];
  /** How long a slice is. */
  #sliceMs = intervalMs;
  /** Seconds that not all threads have told of. */
  readonly #open = new Map<number, IntervalPart[]>();
  readonly #reported: number[];
  #next = 0;

  constructor(threads: number) {
    this.#reported = Array.from({ length: threads }, () => -1);
  }

  /** @returns the interval that this one made complete, if it did */
  add(thread: number, part: IntervalPart): Interval | undefined {
    const parts = this.#open.get(part.index);
    if (parts) {
      parts.push(part);
    } else {
      this.#open.set(part.index, [part]);
    }
    this.#reported[thread] = part.index;
    return this.#closeUpTo(Math.min(...this.#reported));
  }

  /** The thread will tell of no more intervals. */
  ended(thread: number): void {
    this.#reported[thread] = Number.POSITIVE_INFINITY;
    const last = Math.max(-1, ...this.#open.keys());
    this.#closeUpTo(Math.min(last, ...this.#reported));
  }

  get intervals(): Interval[] {
    return this.#slices.map(toInterval);
  }

  /** All of the run together. */
  get evidence(): Evidence & { readonly lateness: LatencyHistogram | undefined } {
    const sum = (value: (slice: Slice) => number) =>
      this.#slices.reduce((total, slice) => total + value(slice), 0);
    const late = this.#slices.flatMap(({ lateness }) => lateness ?? []);
    return {
      lengthMs: sum(({ startMs, endMs }) => endMs - startMs),
      latency: LatencyHistogram.merge(
        this.#slices.map(({ latency }) => LatencyHistogram.decode(latency)),
      ),
      lateness:
        late.length === 0
          ? undefined
          : LatencyHistogram.merge(late.map((encoded) => LatencyHistogram.decode(encoded))),
      stalledMs: sum(({ stalledMs }) => stalledMs),
      gcMs: sum(({ gcMs }) => gcMs),
      activeMs: sum(({ activeMs }) => activeMs),
    };
  }

  #closeUpTo(index: number): Interval | undefined {
    let closed: Slice | undefined;
    for (; this.#next <= index; this.#next++) {
      const parts = this.#open.get(this.#next);
      if (parts) {
        this.#open.delete(this.#next);
        closed = joinThreads(this.#next, parts);
        this.#append(closed);
      }
    }
    return closed && toInterval(closed);
  }

  #append(slice: Slice): void {
    const last = this.#slices.at(-1);
    if (last && slice.startMs < last.startMs + this.#sliceMs) {
      this.#slices.splice(-1, 1, joinSlices(last, slice));
      return;
    }
    this.#slices.push(slice);
    if (this.#slices.length > mostIntervals) {
      this.#slices = joinPairs(this.#slices);
      this.#sliceMs *= 2;
    }
  }
}

function joinThreads(index: number, parts: readonly IntervalPart[]): Slice {
  const sum = (value: (part: IntervalPart) => number) =>
    parts.reduce((total, part) => total + value(part), 0);
  const most = (value: (part: IntervalPart) => number) => Math.max(...parts.map(value));
  return {
    startMs: index * intervalMs,
    endMs: most(({ endMs }) => endMs),
    sent: sum(({ sent }) => sent),
    calls: sum(({ calls }) => calls),
    errors: sum(({ errors }) => errors),
    inProgress: sum(({ inProgress }) => inProgress),
    loopDelayMaxMs: most(({ self }) => self.loopDelayMaxMs),
    stalledMs: most(({ self }) => self.stalledMs),
    gcMs: most(({ self }) => self.gcMs),
    activeMs: most(({ self }) => self.activeMs),
    latency: mergeEncoded(parts.map(({ latency }) => latency)),
    lateness: mergeLateness(parts),
  };
}

function joinPairs(slices: readonly Slice[]): Slice[] {
  const joined: Slice[] = [];
  for (let at = 0; at < slices.length; at += 2) {
    const [first, second] = slices.slice(at, at + 2);
    if (first) {
      joined.push(second ? joinSlices(first, second) : first);
    }
  }
  return joined;
}

function joinSlices(first: Slice, second: Slice): Slice {
  return {
    startMs: first.startMs,
    endMs: second.endMs,
    sent: first.sent + second.sent,
    calls: first.calls + second.calls,
    errors: first.errors + second.errors,
    inProgress: second.inProgress,
    loopDelayMaxMs: Math.max(first.loopDelayMaxMs, second.loopDelayMaxMs),
    stalledMs: first.stalledMs + second.stalledMs,
    gcMs: first.gcMs + second.gcMs,
    activeMs: first.activeMs + second.activeMs,
    latency: mergeEncoded([first.latency, second.latency]),
    lateness: mergeLateness([first, second]),
  };
}

function mergeLateness(parts: readonly { lateness: string | undefined }[]): string | undefined {
  const late = parts.flatMap(({ lateness }) => lateness ?? []);
  return late.length === 0 ? undefined : mergeEncoded(late);
}

function mergeEncoded(encoded: readonly string[]): string {
  const [only, ...more] = encoded;
  return only !== undefined && more.length === 0
    ? only
    : LatencyHistogram.merge(encoded.map((one) => LatencyHistogram.decode(one))).encode();
}

function toInterval(slice: Slice): Interval {
  const latency = LatencyHistogram.decode(slice.latency);
  const lateness =
    slice.lateness === undefined ? undefined : LatencyHistogram.decode(slice.lateness);
  const lengthMs = slice.endMs - slice.startMs;
  return {
    start_ms: slice.startMs,
    end_ms: slice.endMs,
    sent: slice.sent,
    calls: slice.calls,
    errors: slice.errors,
    p50_ms: latency.percentile(50),
    p90_ms: latency.percentile(90),
    p99_ms: latency.percentile(99),
    max_ms: latency.max,
    histogram: slice.latency,
    client: {
      late_p99_ms: lateness?.percentile(99) ?? 0,
      loop_delay_max_ms: slice.loopDelayMaxMs,
      utilization: lengthMs === 0 ? 0 : Math.min(1, slice.activeMs / lengthMs),
      gc_ms: slice.gcMs,
    },
    client_limited: judge({ ...slice, lengthMs, latency, lateness }),
  };
}
