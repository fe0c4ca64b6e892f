import { createRandom } from "../schedule/random.ts";
import { type Block, cumulate, type Metric, metrics, type Run, type Totals } from "./metrics.ts";

const resamples = 1_000;
/** A fixed seed, so that the same files give the same result. */
const seed = 20_260_101;

/** A metric's value in a run, and in resampled runs. */
export interface Estimate {
  readonly value: number;
  readonly resampled: Float64Array;
}

export interface Estimates {
  readonly of: ReadonlyMap<Metric, Estimate>;
  /** Approximate number of independent pieces of the run. */
  readonly pieces: number;
}

/** A block with indexes into a table of times, so that adding it up is fast. */
interface IndexedBlock {
  readonly block: Block;
  readonly indexes: Int32Array;
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
export function estimate({ blocks, isShort }: Run, stream: number): Estimates {
  const times = new Set(blocks.flatMap(({ latencies }) => latencies.map(({ ms }) => ms)));
  const timesMs = [...times].sort((a, b) => a - b);
  const indexOf = new Map(timesMs.map((ms, index) => [ms, index]));
  const indexed = blocks.map((block) => ({
    block,
    indexes: Int32Array.from(block.latencies, ({ ms }) => indexOf.get(ms) ?? 0),
    counts: Float64Array.from(block.latencies, ({ count }) => count),
  }));
  const stretch = Math.max(1, Math.round(Math.sqrt(blocks.length)));
  const random = createRandom(seed + stream);
  const actual = sum(timesMs, indexed);
  const estimates = new Map(
    metrics.map((metric) => [
      metric,
      { value: metric.of(actual), resampled: new Float64Array(resamples) },
    ]),
  );
  for (let round = 0; round < resamples; round++) {
    const totals = isShort
      ? resampleCalls(actual, random)
      : sum(timesMs, resampleBlocks(indexed, stretch, random));
    for (const [metric, { resampled }] of estimates) {
      resampled[round] = metric.of(totals);
    }
  }
  return { of: estimates, pieces: isShort ? actual.calls : blocks.length / stretch };
}

function sum(timesMs: readonly number[], blocks: readonly IndexedBlock[]): Totals {
  const totals = new Float64Array(timesMs.length);
  let calls = 0;
  let errors = 0;
  let seconds = 0;
  for (const { block, indexes, counts } of blocks) {
    calls += block.calls;
    errors += block.errors;
    seconds += block.seconds;
    for (let at = 0; at < indexes.length; at++) {
      const index = indexes[at] ?? 0;
      totals[index] = (totals[index] ?? 0) + (counts[at] ?? 0);
    }
  }
  return { timesMs, counts: totals, cumulative: cumulate(totals), calls, errors, seconds };
}

function resampleBlocks<Item>(
  blocks: readonly Item[],
  stretch: number,
  random: () => number,
): Item[] {
  const drawn: Item[] = [];
  while (drawn.length < blocks.length) {
    const from = Math.floor(random() * blocks.length);
    for (let step = 0; step < stretch && drawn.length < blocks.length; step++) {
      // Stretches wrap around, so that all blocks are equally likely.
      const block = blocks[(from + step) % blocks.length];
      if (block !== undefined) {
        drawn.push(block);
      }
    }
  }
  return drawn;
}

/** Replaces the count of each time by a Poisson number with that mean. */
function resampleCalls(actual: Totals, random: () => number): Totals {
  const counts = actual.counts.map((count) => poisson(count, random));
  const calls = counts.reduce((total, count) => total + count, 0);
  return {
    ...actual,
    counts,
    cumulative: cumulate(counts),
    calls,
    errors: Math.min(calls, poisson(actual.errors, random)),
  };
}

function poisson(mean: number, random: () => number): number {
  if (mean > 50) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
  }
  const threshold = Math.exp(-mean);
  let product = random();
  let count = 0;
  while (product > threshold) {
    product *= random();
    count++;
  }
  return count;
}
