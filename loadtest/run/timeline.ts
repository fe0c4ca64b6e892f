import { type Bucket, LatencyHistogram } from "../histogram.ts";
import type { Interval } from "../report/report.ts";
import { type Evidence, judge } from "./judge.ts";
import type { IntervalPart } from "./plan.ts";
import { intervalMs } from "./recorder.ts";

/** Beyond this number, intervals are joined in pairs, so that a run of any length fits. */
const maxIntervals = 600;

/** An interval with what is needed to join it with the next one. */
interface Slice {
  readonly interval: Interval;
  readonly stalledMs: number;
  readonly activeMs: number;
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
  /** Of all intervals. */
  readonly #latency = new LatencyHistogram();
  #lateness: LatencyHistogram | undefined;

  constructor(threads: number) {
    this.#reported = Array.from({ length: threads }, () => -1);
  }

  /** @returns the interval that this report completed, if any */
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
    const sum = (value: (slice: Slice) => number) =>
      this.#slices.reduce((total, slice) => total + value(slice), 0);
    return {
      lengthMs: sum(({ interval }) => interval.end_ms - interval.start_ms),
      latency: this.#latency,
      lateness: this.#lateness,
      stalledMs: sum(({ stalledMs }) => stalledMs),
      gcMs: sum(({ interval }) => interval.client.gc_ms),
      activeMs: sum(({ activeMs }) => activeMs),
    };
  }

  #closeUpTo(index: number): Interval | undefined {
    let closed: Interval | undefined;
    for (; this.#next <= index; this.#next++) {
      const parts = this.#open.get(this.#next);
      if (parts) {
        this.#open.delete(this.#next);
        closed = this.#close(parts);
      }
    }
    return closed;
  }

  #close(parts: readonly IntervalPart[]): Interval {
    const evidence = evidenceOf(parts);
    this.#latency.add(evidence.latency);
    if (evidence.lateness) {
      this.#lateness ??= new LatencyHistogram();
      this.#lateness.add(evidence.lateness);
    }
    const slice = createSlice(
      {
        start_ms: this.#next * intervalMs,
        end_ms: this.#next * intervalMs + evidence.lengthMs,
        sent: parts.reduce((total, { sent }) => total + sent, 0),
        calls: parts.reduce((total, { calls }) => total + calls, 0),
        errors: parts.reduce((total, { errors }) => total + errors, 0),
      },
      Math.max(...parts.map(({ self }) => self.loopDelayMaxMs)),
      evidence,
    );
    this.#append(slice);
    return slice.interval;
  }

  #append(slice: Slice): void {
    const last = this.#slices.at(-1);
    if (last && slice.interval.start_ms < last.interval.start_ms + this.#sliceMs) {
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

/** The worst thread represents the client. */
function evidenceOf(parts: readonly IntervalPart[]): Evidence {
  const max = (value: (part: IntervalPart) => number) => Math.max(...parts.map(value));
  const late = parts.flatMap(({ lateness }) => (lateness ? [lateness] : []));
  return {
    lengthMs: max(({ index, endMs }) => endMs - index * intervalMs),
    latency: mergeBuckets(parts.map(({ latency }) => latency)),
    lateness: late.length === 0 ? undefined : mergeBuckets(late),
    stalledMs: max(({ self }) => self.stalledMs),
    gcMs: max(({ self }) => self.gcMs),
    activeMs: max(({ self }) => self.activeMs),
  };
}

function joinPairs(slices: readonly Slice[]): Slice[] {
  const joined: Slice[] = [];
  for (let at = 0; at < slices.length; at += 2) {
    const [first, second] = slices.slice(at, at + 2);
    if (first) {
      joined.push(second ? join(first, second) : first);
    }
  }
  return joined;
}

function join(a: Slice, b: Slice): Slice {
  const [first, second] = [a.interval, b.interval];
  const late = [a, b].flatMap(({ lateness }) => lateness ?? []);
  return createSlice(
    {
      start_ms: first.start_ms,
      end_ms: second.end_ms,
      sent: first.sent + second.sent,
      calls: first.calls + second.calls,
      errors: first.errors + second.errors,
    },
    Math.max(first.client.loop_delay_max_ms, second.client.loop_delay_max_ms),
    {
      lengthMs: second.end_ms - first.start_ms,
      latency: mergeEncoded([first.histogram, second.histogram]),
      lateness: late.length === 0 ? undefined : mergeEncoded(late),
      stalledMs: a.stalledMs + b.stalledMs,
      gcMs: first.client.gc_ms + second.client.gc_ms,
      activeMs: a.activeMs + b.activeMs,
    },
  );
}

function createSlice(
  counts: Pick<Interval, "start_ms" | "end_ms" | "sent" | "calls" | "errors">,
  loopDelayMaxMs: number,
  evidence: Evidence,
): Slice {
  const { lengthMs, latency, lateness, stalledMs, gcMs, activeMs } = evidence;
  return {
    interval: {
      ...counts,
      p50_ms: latency.percentile(50),
      p90_ms: latency.percentile(90),
      p99_ms: latency.percentile(99),
      max_ms: latency.max,
      histogram: latency.encode(),
      client: {
        late_p99_ms: lateness?.percentile(99) ?? 0,
        loop_delay_max_ms: loopDelayMaxMs,
        utilization: lengthMs === 0 ? 0 : Math.min(1, activeMs / lengthMs),
        gc_ms: gcMs,
      },
      client_limited: judge(evidence),
    },
    stalledMs,
    activeMs,
    lateness: lateness?.encode(),
  };
}

function mergeBuckets(parts: readonly (readonly Bucket[])[]): LatencyHistogram {
  const merged = new LatencyHistogram();
  for (const buckets of parts) {
    merged.addBuckets(buckets);
  }
  return merged;
}

function mergeEncoded(parts: readonly string[]): LatencyHistogram {
  return LatencyHistogram.merge(parts.map((encoded) => LatencyHistogram.decode(encoded)));
}
