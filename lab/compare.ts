import { type Interval, intervalOf, medianOf, overlap } from "@unblock/measure/statistics";
import type { Measurement, Sample } from "./measurement.ts";
import { count, ms } from "./numbers.ts";

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

/** Costs of a right strategy that are higher and lower than another's, as phrases. */
interface TradeOff {
  readonly more: readonly string[];
  readonly less: readonly string[];
}

/** Compares everything that was measured except wall time. */
export function tradeOff(measurement: Measurement, base: Measurement): TradeOff {
  const more: string[] = [];
  const less: string[] = [];
  for (const { of, minDifference, say } of costs) {
    const [value, baseValue] = [of(measurement), of(base)];
    if (value === undefined || baseValue === undefined) {
      continue;
    }
    const [low, high] = value < baseValue ? [value, baseValue] : [baseValue, value];
    if (high - low >= minDifference && high >= minTimes * low) {
      (value > baseValue ? more : less).push(say(value, baseValue));
    }
  }
  return { more, less };
}

interface Cost {
  readonly of: (measurement: Measurement) => number | undefined;
  /** Smaller differences are not mentioned. */
  readonly minDifference: number;
  readonly say: (value: number, other: number) => string;
}

/** Most important first. */
const costs: readonly Cost[] = [
  {
    of: ({ costs }) => costs?.tenTimesMs,
    minDifference: 10,
    say: (value, other) => `ten times the calls take ${ms(value)} ms instead of ${ms(other)}`,
  },
  {
    of: ({ ranOn }) => (ranOn.processes > 1 ? undefined : (ranOn.threads ?? undefined)),
    minDifference: 1,
    say: (value, other) => `it takes ${count(value, "thread")} instead of ${other}`,
  },
  {
    of: ({ costs }) => costs?.memoryMb,
    minDifference: 5,
    say: (value, other) =>
      `it takes ${value.toFixed(0)} MB of memory instead of ${other.toFixed(0)}`,
  },
  {
    of: ({ latencyMs }) => latencyMs.p50,
    minDifference: 5,
    say: (value, other) =>
      `half of the calls wait longer than ${ms(value)} ms instead of ${ms(other)}`,
  },
  {
    of: ({ probeP99Ms }) => probeP99Ms,
    minDifference: 10,
    say: (value, other) => `other calls wait ${ms(value)} ms (p99) instead of ${ms(other)}`,
  },
  {
    of: ({ costs }) => costs?.cpuPerCallMs,
    minDifference: 0.2,
    say: (value, other) => `a call takes ${ms(value)} ms of CPU instead of ${ms(other)}`,
  },
];
