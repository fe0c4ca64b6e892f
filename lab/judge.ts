import type { CallRecord } from "@unblock/loadtest/burst";
import { LatencyHistogram } from "@unblock/loadtest/histogram";
import { type Interval, intervalOf, medianOf, overlap } from "@unblock/measure/statistics";
import type { Exercise } from "@unblock/proto/exercises";
import { type Strategy, Suitability } from "@unblock/proto/gen/exercise";
import { count } from "@unblock/terminal/numbers";

/** What a row of the lab measures: a strategy of an exercise, with a number of CPU workers. */
export interface Subject {
  readonly exercise: Exercise;
  readonly strategy: Strategy;
  readonly cpuWorkers: number;
  /** Whether this is the recommended strategy with one CPU worker, measured for comparison. */
  readonly isOneWorker: boolean;
}

/** One burst, or several short ones, in one round. */
export interface Sample {
  readonly round: number;
  /** Wall time of the median burst. */
  readonly wallMs: number;
  readonly idealMs: number;
  readonly expectedMs: Interval;
  readonly burst: readonly CallRecord[];
  readonly calls: readonly CallRecord[];
  readonly probeMs: readonly number[];
  readonly loopDelayMaxMs: number;
  /** Duration of a fixed amount of work just before and after: the machine's speed. */
  readonly speedMs: number;
  /** CPU time of the server and its children for all calls; undefined where the system does not report it. */
  readonly serverCpuMs: number | undefined;
  /** What disturbed the sample, in words; undefined when nothing did. */
  readonly disturbedBy: string | undefined;
}

/** Costs of a right strategy, besides its wall time; undefined where they were not measured. */
export interface Costs {
  /** Memory of its JavaScript threads or processes. */
  readonly memoryMb: number | undefined;
  /** CPU time of the server and its children. */
  readonly cpuPerCallMs: number | undefined;
  /** Wall time of ten times as many calls; calls that compute do a tenth of the work each. */
  readonly tenTimesMs: number | undefined;
  /** What a crash of the executor ends. */
  readonly crashEnds: string;
}

/** A subject with the result of its samples. */
export type Measurement = ReturnType<typeof judge>;

/** Nothing is faster than its ideal, but clocks and timers may be off by this much. */
const minRatio = 0.97;
/** Largest difference of the machine's speed at which two samples are comparable. */
const maxSpeedChange = 0.15;

export interface Needs {
  /** Undisturbed samples that a conclusion needs. */
  readonly samples: number;
  /** Undisturbed samples that a surprising conclusion needs. */
  readonly ofSurprise: number;
}

/** Computes a subject's figures, and whether they allow a conclusion. */
export function judge(
  subject: Subject,
  samples: readonly Sample[],
  needs: Needs,
  costs: Costs | undefined,
) {
  const calm = samples.filter(({ disturbedBy }) => disturbedBy === undefined);
  const used = calm.length > 0 ? calm : samples;
  const walls = used.map(({ wallMs }) => wallMs);
  const calls = used.flatMap((sample) => sample.calls);
  const failed = samples.flatMap((sample) => sample.calls).filter(({ code }) => code !== "ok");
  const [firstFailed] = failed;
  const ratios = used.map(({ wallMs, idealMs }) => wallMs / idealMs);
  const hasIdeal = used.every(({ idealMs }) => idealMs > 0);
  const ratio = hasIdeal ? medianOf(ratios) : null;
  const byWall = used.toSorted((a, b) => a.wallMs - b.wallMs);
  const medianBurst = byWall[Math.floor(byWall.length / 2)]?.burst ?? [];
  const expectedMs = [
    medianOf(used.map((sample) => sample.expectedMs[0])),
    medianOf(used.map((sample) => sample.expectedMs[1])),
  ] as const;

  // The expected range follows the ideal, which follows the machine's speed.
  const toEnd = used.map((sample) => sample.wallMs / sample.expectedMs[1]);
  const [endLow, endHigh] = intervalOf(toEnd) ?? [medianOf(toEnd), medianOf(toEnd)];
  const within = endHigh <= 1 ? true : endLow > 1 ? false : undefined;
  const isSurprising = within !== undefined && isSurprise(subject, within);

  const whyInconclusive = (): string | undefined => {
    if (failed.length > 0) {
      return `${count(failed.length)} failed`;
    }
    if (calm.length < needs.samples) {
      return whyTooFew(samples, calm.length, needs.samples);
    }
    if (ratio !== null && ratio < minRatio) {
      return `${ratio.toFixed(2)} times the ideal is impossible, so the measurement is wrong`;
    }
    if (within === undefined) {
      return "the measurements scatter around the end of the expected range";
    }
    return isSurprising && calm.length < needs.ofSurprise
      ? `the result contradicts the specification, and ${calm.length} undisturbed measurements do not confirm it`
      : undefined;
  };
  const inconclusive = whyInconclusive();
  return {
    ...subject,
    samples,
    /** Samples behind the figures: the undisturbed ones, or all when there are none. */
    used,
    wallMs: { min: Math.min(...walls), median: medianOf(walls), max: Math.max(...walls) },
    wallInterval: intervalOf(walls),
    idealMs: medianOf(used.map(({ idealMs }) => idealMs)),
    /** Median ratio of wall time to the ideal of the same burst; null when the caller need not wait. */
    ratio,
    ratioInterval: hasIdeal ? intervalOf(ratios) : undefined,
    expectedMs,
    /** null for an inconclusive measurement. */
    withinExpected: inconclusive === undefined ? (within ?? null) : null,
    /** Why the measurement is inconclusive; undefined when it is conclusive. */
    inconclusive,
    /** Whether the result contradicts what the specification says of such a strategy. */
    isSurprising,
    latencyMs: percentiles(calls.map(({ sentMs, endedMs }) => endedMs - sentMs)),
    loopDelayMaxMs: Math.max(0, ...used.map(({ loopDelayMaxMs }) => loopDelayMaxMs)),
    probeP99Ms: percentiles(used.flatMap(({ probeMs }) => probeMs)).p99,
    ranOn: ranOnOf(medianBurst),
    errors: failed.length,
    /** Code and message of the first call that failed. */
    firstError: firstFailed && `${firstFailed.code}: ${firstFailed.message}`,
    /** Calls of the sample with the median wall time. */
    medianBurst,
    /** Right strategies only, once measured. */
    costs,
  };
}

/** The specification expects the recommended strategy within the range and wrong ones beyond it. */
function isSurprise({ strategy, isOneWorker }: Subject, within: boolean): boolean {
  if (isOneWorker || strategy.suitability === Suitability.WORKS) {
    return false;
  }
  return within !== (strategy.suitability === Suitability.RECOMMENDED);
}

function whyTooFew(samples: readonly Sample[], calm: number, needed: number): string {
  const last = samples.flatMap(({ disturbedBy }) => disturbedBy ?? []).at(-1);
  if (last === undefined) {
    return `only ${calm} of the ${needed} required measurements fitted into the time`;
  }
  const disturbed = samples.length - calm;
  return `${disturbed} of ${count(samples.length, "measurement")} disturbed: ${last}`;
}

function percentiles(latenciesMs: readonly number[]) {
  const histogram = new LatencyHistogram();
  for (const latencyMs of latenciesMs) {
    histogram.record(latencyMs);
  }
  return { p50: histogram.percentile(50), p99: histogram.percentile(99) };
}

/** Where the calls of a burst ran. */
function ranOnOf(calls: readonly CallRecord[]) {
  const ranOn = calls.flatMap((call) => call.ranOn ?? []);
  const numbered = ranOn.filter(({ thread }) => thread !== undefined);
  const threads = new Set(numbered.map(({ pid, thread }) => `${pid}/${thread}`)).size;
  return {
    executor: ranOn[0]?.executor ?? "nowhere",
    processes: new Set(ranOn.map(({ pid }) => pid)).size,
    /** null where threads have no number. */
    threads: threads === 0 ? null : threads,
  };
}

/** Comparison of the wall times of two measurements, over the rounds that both have. */
export interface Comparison {
  readonly rounds: number;
  /** Median ratio of the wall time to the base's in the same round. */
  readonly times: number;
  readonly interval: Interval | undefined;
  /** Whether no difference was seen: their intervals overlap, or the interval of the ratio contains 1. */
  readonly isEqual: boolean;
}

/** Returns undefined when they have no comparable round in common. */
export function compare(measurement: Measurement, base: Measurement): Comparison | undefined {
  const inRound = new Map(base.used.map((sample) => [sample.round, sample]));
  const times = measurement.used.flatMap((sample) => {
    const other = inRound.get(sample.round);
    return other !== undefined && sameSpeed(sample, other) ? [sample.wallMs / other.wallMs] : [];
  });
  if (times.length === 0) {
    return undefined;
  }
  const interval = intervalOf(times);
  const { wallInterval } = measurement;
  return {
    rounds: times.length,
    times: medianOf(times),
    interval,
    isEqual:
      (interval !== undefined && overlap(interval, [1, 1])) ||
      (wallInterval !== undefined &&
        base.wallInterval !== undefined &&
        overlap(wallInterval, base.wallInterval)),
  };
}

function sameSpeed({ speedMs }: Sample, other: Sample): boolean {
  const change = Math.max(speedMs, other.speedMs) / Math.min(speedMs, other.speedMs) - 1;
  return change <= maxSpeedChange;
}
