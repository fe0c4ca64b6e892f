import { LatencyHistogram } from "../histogram.ts";
import type { FullReport } from "../report/report.ts";
import { createRandom } from "../run/schedule.ts";

export interface Metric {
  readonly name: string;
  readonly unit: "ms" | "%" | "/s";
  readonly lowerIsBetter: boolean;
  /** Share of the calls that decides the metric. */
  readonly decidingShare: number;
}

const percentages = [50, 75, 90, 95, 99, 99.9];

export const metrics: readonly Metric[] = [
  ...percentages.map((percentage) => ({
    ...({ name: `p${percentage}`, unit: "ms", lowerIsBetter: true } as const),
    decidingShare: 1 - percentage / 100,
  })),
  { name: "mean", unit: "ms", lowerIsBetter: true, decidingShare: 1 },
  { name: "errors", unit: "%", lowerIsBetter: true, decidingShare: 1 },
  { name: "rate", unit: "/s", lowerIsBetter: false, decidingShare: 1 },
];

const resamples = 1_000;
/** A fixed seed, so that the same files give the same result. */
const seed = 20_260_101;
/** With fewer, calls are resampled, as if they were independent: an approximation. */
const minBlocks = 5;

/** Values of all metrics, in their order. */
export interface Estimates {
  readonly values: readonly number[];
  readonly resampled: readonly (readonly number[])[];
  /** Approximate number of independent pieces of the run. */
  readonly pieces: number;
  /** Whether the run has too few seconds, so that calls were resampled. */
  readonly isShort: boolean;
}

/** A second of a run, the unit of resampling. */
interface Block {
  readonly seconds: number;
  readonly calls: number;
  readonly errors: number;
  /** Each with an index into a table of times, so that adding them up is fast. */
  readonly latencies: readonly { readonly index: number; readonly count: number }[];
}

interface Totals extends Omit<Block, "latencies"> {
  /** Ascending. */
  readonly timesMs: readonly number[];
  /** Calls by time. */
  readonly counts: Float64Array;
}

/**
 * Estimates each metric of a run and its variation by chance. Consecutive seconds are correlated, so
 * stretches of seconds are resampled (moving block bootstrap); in a run too short for that, calls.
 *
 * @param stream distinguishes the random numbers of the compared runs
 * @see https://doi.org/10.1214/aos/1176347265 Künsch, The jackknife and the bootstrap for general
 * stationary observations
 */
export function estimate({ unblock }: FullReport, stream: number): Estimates {
  const seconds = unblock.intervals.filter(({ calls }) => calls > 0);
  const buckets = seconds.map(({ histogram }) => [...LatencyHistogram.decode(histogram).buckets()]);
  const times = new Set(buckets.flat().map(({ ms }) => ms));
  const timesMs = [...times].sort((a, b) => a - b);
  const indexOf = new Map(timesMs.map((ms, index) => [ms, index]));
  const blocks = seconds.map(({ start_ms, end_ms, calls, errors }, at) => ({
    seconds: (end_ms - start_ms) / 1_000,
    calls,
    errors,
    latencies: buckets[at]?.map(({ ms, count }) => ({ index: indexOf.get(ms) ?? 0, count })) ?? [],
  }));
  const isShort = blocks.length < minBlocks;
  const stretch = Math.max(1, Math.round(Math.sqrt(blocks.length)));
  const random = createRandom(seed + stream);
  const actual = sum(timesMs, blocks);
  const resample = () =>
    isShort ? resampleCalls(actual, random) : sum(timesMs, resampleBlocks(blocks, stretch, random));
  return {
    values: valuesOf(actual),
    resampled: Array.from({ length: resamples }, () => valuesOf(resample())),
    pieces: isShort ? actual.calls : blocks.length / stretch,
    isShort,
  };
}

function sum(timesMs: readonly number[], blocks: readonly Block[]): Totals {
  const counts = new Float64Array(timesMs.length);
  const totals = { seconds: 0, calls: 0, errors: 0 };
  for (const { seconds, calls, errors, latencies } of blocks) {
    totals.seconds += seconds;
    totals.calls += calls;
    totals.errors += errors;
    for (const { index, count } of latencies) {
      counts[index] = (counts[index] ?? 0) + count;
    }
  }
  return { ...totals, timesMs, counts };
}

function resampleBlocks(blocks: readonly Block[], stretch: number, random: () => number): Block[] {
  // Stretches wrap around, so that all blocks are equally likely.
  const circle = [...blocks, ...blocks];
  const drawn: Block[] = [];
  while (drawn.length < blocks.length) {
    const from = Math.floor(random() * blocks.length);
    drawn.push(...circle.slice(from, from + stretch));
  }
  return drawn.slice(0, blocks.length);
}

/** Replaces the count of each time by a Poisson number with that mean. */
function resampleCalls(actual: Totals, random: () => number): Totals {
  const counts = actual.counts.map((count) => poisson(count, random));
  const calls = counts.reduce((total, count) => total + count, 0);
  const errors = Math.min(calls, poisson(actual.errors, random));
  return { ...actual, counts, calls, errors };
}

function poisson(mean: number, random: () => number): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const threshold = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > threshold; product *= random()) {
    count++;
  }
  return count;
}

/** Returns the values of all metrics, in their order; 0 without calls. */
function valuesOf({ timesMs, counts, calls, errors, seconds }: Totals): number[] {
  if (calls === 0) {
    return metrics.map(() => 0);
  }
  const wanted = percentages.map((one) => Math.max(1, Math.ceil((calls * one) / 100 - 1e-6)));
  const percentiles: number[] = [];
  let seen = 0;
  let sumMs = 0;
  timesMs.forEach((ms, at) => {
    const count = counts[at] ?? 0;
    seen += count;
    sumMs += count * ms;
    while (seen >= (wanted[percentiles.length] ?? Number.POSITIVE_INFINITY)) {
      percentiles.push(ms);
    }
  });
  return [...percentiles, sumMs / calls, (errors / calls) * 100, calls / seconds];
}
