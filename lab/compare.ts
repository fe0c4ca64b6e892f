import { type Interval, intervalOf, medianOf, overlap } from "@unblock/measure/statistics";
import { ms } from "@unblock/terminal/numbers";
import type { Measurement, Sample } from "./judge.ts";

/** Largest difference of the machine's speed at which two samples are comparable. */
const maxSpeedChange = 0.15;

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

/** Smallest ratio of two costs that is mentioned. */
const minTimes = 1.25;

type Cost = readonly [
  of: (measurement: Measurement) => number | undefined,
  /** Smaller differences are not mentioned. */
  minDifference: number,
  show: (value: number) => string,
  before: string,
  after: string,
];

const megabytes = (value: number) => value.toFixed(0);

/** Costs besides wall time, in words around their two values; the most important first. */
const costs: readonly Cost[] = [
  [({ costs }) => costs?.tenTimesMs, 10, ms, "ten times the calls take", "ms"],
  [threadsOf, 1, String, "it takes", "thread"],
  [({ costs }) => costs?.memoryMb, 5, megabytes, "it takes", "MB of memory"],
  [({ latencyMs }) => latencyMs.p50, 5, ms, "half of the calls wait longer than", "ms"],
  [({ probeP99Ms }) => probeP99Ms, 10, ms, "other calls wait", "ms (p99)"],
  [({ costs }) => costs?.cpuPerCallMs, 0.2, ms, "a call takes", "ms of CPU"],
];

/** Costs of a right strategy that are higher and lower than another's, as phrases. */
export function tradeOff(measurement: Measurement, base: Measurement) {
  const more: string[] = [];
  const less: string[] = [];
  for (const [of, minDifference, show, before, after] of costs) {
    const [value, baseValue] = [of(measurement), of(base)];
    if (value === undefined || baseValue === undefined) {
      continue;
    }
    const [low, high] = value < baseValue ? [value, baseValue] : [baseValue, value];
    if (high - low >= minDifference && high >= minTimes * low) {
      const noun = after === "thread" && value !== 1 ? "threads" : after;
      const phrase = `${before} ${show(value)} ${noun} instead of ${show(baseValue)}`;
      (value > baseValue ? more : less).push(phrase);
    }
  }
  return { more, less };
}

function threadsOf({ ranOn: { processes, threads } }: Measurement): number | undefined {
  return processes > 1 ? undefined : (threads ?? undefined);
}
