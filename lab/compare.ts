import { type Interval, intervalOf, medianOf, overlap } from "../measure/statistics.ts";
import type { Measurement, Sample } from "./measurement.ts";

/** Two samples compare when the machine's speed differed by no more than this. */
const maxSpeedChange = 0.15;

/** How the wall times of two measurements relate, from the rounds in which both were measured. */
export interface Comparison {
  readonly rounds: number;
  /** Median of the wall time over the base's in the same round. */
  readonly times: number;
  readonly interval: Interval | undefined;
  /** Whether no difference was seen: the intervals overlap, or that of the rounds holds 1. */
  readonly isEqual: boolean;
}

/** @returns undefined when no round has both */
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
