import { createRandom } from "../schedule/random.ts";
import { type Block, type Totals, valuesOf } from "./metrics.ts";

const resamples = 1_000;
/** A fixed seed, so that the same files give the same result. */
const seed = 20_260_101;
/** With fewer, calls are resampled, as if they were independent: an approximation. */
const minBlocks = 5;

export interface Estimates {
  readonly values: readonly number[];
  readonly resampled: readonly (readonly number[])[];
  /** Approximate number of independent pieces of the run. */
  readonly pieces: number;
  /** Whether the run has too few seconds, so that calls were resampled. */
  readonly isShort: boolean;
}

/** A block with indexes into a table of times, so that adding it up is fast. */
interface IndexedBlock {
  readonly block: Block;
  readonly indexes: Int32Array;
}

/**
 * Estimates each metric of a run and its variation by chance. Consecutive seconds are correlated, so
 * stretches of seconds are resampled (moving block bootstrap); in a run too short for that, calls.
 *
 * @param stream distinguishes the random numbers of the compared runs
 * @see https://doi.org/10.1214/aos/1176347265 Künsch, The jackknife and the bootstrap for general
 * stationary observations
 */
export function estimate(blocks: readonly Block[], stream: number): Estimates {
  const times = new Set(blocks.flatMap(({ latencies }) => latencies.map(({ ms }) => ms)));
  const timesMs = [...times].sort((a, b) => a - b);
  const indexOf = new Map(timesMs.map((ms, index) => [ms, index]));
  const indexed = blocks.map((block) => ({
    block,
    indexes: Int32Array.from(block.latencies, ({ ms }) => indexOf.get(ms) ?? 0),
  }));
  const isShort = blocks.length < minBlocks;
  const stretch = Math.max(1, Math.round(Math.sqrt(blocks.length)));
  const random = createRandom(seed + stream);
  const actual = sum(timesMs, indexed);
  const resample = () =>
    isShort
      ? resampleCalls(actual, random)
      : sum(timesMs, resampleBlocks(indexed, stretch, random));
  return {
    values: valuesOf(actual),
    resampled: Array.from({ length: resamples }, () => valuesOf(resample())),
    pieces: isShort ? actual.calls : blocks.length / stretch,
    isShort,
  };
}

function sum(timesMs: readonly number[], blocks: readonly IndexedBlock[]): Totals {
  const counts = new Float64Array(timesMs.length);
  const total = (of: (block: Block) => number) =>
    blocks.reduce((all, { block }) => all + of(block), 0);
  for (const { block, indexes } of blocks) {
    block.latencies.forEach(({ count }, at) => {
      const index = indexes[at] ?? 0;
      counts[index] = (counts[index] ?? 0) + count;
    });
  }
  return {
    timesMs,
    counts,
    calls: total(({ calls }) => calls),
    errors: total(({ errors }) => errors),
    seconds: total(({ seconds }) => seconds),
  };
}

function resampleBlocks<Item>(
  blocks: readonly Item[],
  stretch: number,
  random: () => number,
): Item[] {
  // Stretches wrap around, so that all blocks are equally likely.
  const circle = [...blocks, ...blocks];
  const drawn: Item[] = [];
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
