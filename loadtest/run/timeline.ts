import { LatencyHistogram } from "../histogram.ts";
import type { Interval } from "../report/report.ts";
import { type Evidence, judge } from "./judge.ts";
import type { IntervalPart, SelfReading } from "./plan.ts";
import { intervalMs } from "./recorder.ts";

/** Beyond this number, intervals are joined in pairs, so that a run of any length fits. */
const maxIntervals = 600;

interface Figures extends SelfReading {
  readonly startMs: number;
  readonly endMs: number;
  readonly sent: number;
  readonly calls: number;
  readonly errors: number;
}

interface Slice extends Figures {
  readonly interval: Interval;
  /** An encoded histogram, which takes a hundredth of the memory of a decoded one. */
  readonly lateness: string | undefined;
}

/** The intervals of a run, merged from the reports of its threads. */
export class Timeline {
  #slices: Slice[] = [];
  #sliceMs = intervalMs;
  /** Seconds that not all threads have reported. */
  readonly #open = new Map<number, IntervalPart[]>();
  readonly #reported: number[];
  #next = 0;
  readonly #latency = new LatencyHistogram();
  #lateness: LatencyHistogram | undefined;

  constructor(threads: number) {
    this.#reported = Array.from({ length: threads }, () => -1);
  }

  /** @returns the interval that this report completed, if any */
  add(thread: number, part: IntervalPart): Interval | undefined {
    this.#open.set(part.index, [...(this.#open.get(part.index) ?? []), part]);
    this.#reported[thread] = part.index;
    return this.#closeUpTo(Math.min(...this.#reported));
  }

  /** The thread reports no more intervals. */
  ended(thread: number): void {
    this.#reported[thread] = Number.POSITIVE_INFINITY;
    const last = Math.max(-1, ...this.#open.keys());
    this.#closeUpTo(Math.min(last, ...this.#reported));
  }

  get intervals(): Interval[] {
    return this.#slices.map(({ interval }) => interval);
  }

  /** Evidence of the whole run. */
  get evidence(): Evidence {
    const sum = (of: (slice: Slice) => number) =>
      this.#slices.reduce((total, slice) => total + of(slice), 0);
    return {
      lengthMs: sum(({ startMs, endMs }) => endMs - startMs),
      latency: this.#latency,
      lateness: this.#lateness,
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
        closed = this.#close(parts);
      }
    }
    return closed?.interval;
  }

  /** The worst thread represents the client. */
  #close(parts: readonly IntervalPart[]): Slice {
    const sum = (of: (part: IntervalPart) => number) =>
      parts.reduce((total, part) => total + of(part), 0);
    const max = (of: (part: IntervalPart) => number) => Math.max(...parts.map(of));
    const latency = LatencyHistogram.of(parts.flatMap((part) => part.latency));
    this.#latency.add(latency);
    let lateness: LatencyHistogram | undefined;
    if (parts.some((part) => part.lateness)) {
      lateness = LatencyHistogram.of(parts.flatMap((part) => part.lateness ?? []));
      this.#lateness ??= new LatencyHistogram();
      this.#lateness.add(lateness);
    }
    const figures = {
      startMs: this.#next * intervalMs,
      endMs: max(({ endMs }) => endMs),
      sent: sum(({ sent }) => sent),
      calls: sum(({ calls }) => calls),
      errors: sum(({ errors }) => errors),
      loopDelayMaxMs: max(({ self }) => self.loopDelayMaxMs),
      stalledMs: max(({ self }) => self.stalledMs),
      gcMs: max(({ self }) => self.gcMs),
      activeMs: max(({ self }) => self.activeMs),
    };
    const slice = sliceOf(figures, latency, lateness);
    this.#append(slice);
    return slice;
  }

  #append(slice: Slice): void {
    const last = this.#slices.at(-1);
    if (last && slice.startMs < last.startMs + this.#sliceMs) {
      this.#slices.splice(-1, 1, join(last, slice));
      return;
    }
    this.#slices.push(slice);
    if (this.#slices.length > maxIntervals) {
      this.#slices = joinPairs(this.#slices);
      this.#sliceMs *= 2;
    }
  }
}

function joinPairs(slices: readonly Slice[]): Slice[] {
  return slices.flatMap((slice, at) => {
    const next = slices[at + 1];
    return at % 2 === 1 ? [] : [next ? join(slice, next) : slice];
  });
}

function join(a: Slice, b: Slice): Slice {
  const latency = LatencyHistogram.merge([a.interval.histogram, b.interval.histogram]);
  const late = [a, b].flatMap(({ lateness }) => lateness ?? []);
  const lateness = late.length === 0 ? undefined : LatencyHistogram.merge(late);
  const figures = {
    startMs: a.startMs,
    endMs: b.endMs,
    sent: a.sent + b.sent,
    calls: a.calls + b.calls,
    errors: a.errors + b.errors,
    loopDelayMaxMs: Math.max(a.loopDelayMaxMs, b.loopDelayMaxMs),
    stalledMs: a.stalledMs + b.stalledMs,
    gcMs: a.gcMs + b.gcMs,
    activeMs: a.activeMs + b.activeMs,
  };
  return sliceOf(figures, latency, lateness);
}

function sliceOf(
  figures: Figures,
  latency: LatencyHistogram,
  lateness: LatencyHistogram | undefined,
): Slice {
  const interval = intervalOf(figures, latency, lateness);
  return { ...figures, interval, lateness: lateness?.encode() };
}

export function intervalOf(
  figures: Figures,
  latency: LatencyHistogram,
  lateness: LatencyHistogram | undefined,
): Interval {
  const { startMs, endMs, sent, calls, errors, gcMs, activeMs } = figures;
  const lengthMs = endMs - startMs;
  return {
    ...{ start_ms: startMs, end_ms: endMs, sent, calls, errors },
    p50_ms: latency.percentile(50),
    p90_ms: latency.percentile(90),
    p99_ms: latency.percentile(99),
    max_ms: latency.max,
    histogram: latency.encode(),
    client: {
      late_p99_ms: lateness?.percentile(99) ?? 0,
      loop_delay_max_ms: figures.loopDelayMaxMs,
      utilization: lengthMs === 0 ? 0 : Math.min(1, activeMs / lengthMs),
      gc_ms: gcMs,
    },
    client_limited: judge({ ...figures, lengthMs, latency, lateness }),
  };
}
