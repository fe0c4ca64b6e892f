import { createRandom } from "../schedule/random.ts";
import { type Block, cumulate, type Metric, metrics, type Run, type Totals } from "./metrics.ts";

const resamples = 1_000;
/** The same files give the same answer. */
const seed = 20_260_101;

/** What a run shows, and what it could as well have shown. */
export interface Estimate {
  readonly value: number;
  readonly resampled: Float64Array;
}

export interface Estimates {
  readonly of: ReadonlyMap<Metric, Estimate>;
  /** How many independent pieces the run has, about: few of them make the spread uncertain. */
  readonly pieces: number;
}

/** A block whose times are places in a table, so that adding it up is quick. */
interface IndexedBlock {
  readonly block: Block;
  readonly places: Int32Array;
  readonly counts: Float64Array;
}

/**
 * Estimates each metric of a run, and how much chance is in it. Successive seconds are alike, so
 * whole stretches of them are drawn again (the moving block bootstrap); of a run that is too short
 * for that, single calls.
 *
 * @see https://doi.org/10.1214/aos/1176347265 Künsch, The jackknife and the bootstrap for general
 * stationary observations
 */
export function estimate({ blocks, isShort }: Run, stream: number): Estimates {
  const times = new Set(blocks.flatMap(({ latencies }) => latencies.map(({ ms }) => ms)));
  const timesMs = [...times].sort((a, b) => a - b);
  const places = new Map(timesMs.map((ms, at) => [ms, at]));
  const indexed = blocks.map((block) => ({
    block,
    places: Int32Array.from(block.latencies, ({ ms }) => places.get(ms) ?? 0),
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
      ? redrawCalls(actual, random)
      : sum(timesMs, redrawBlocks(indexed, stretch, random));
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
  for (const { block, places, counts } of blocks) {
    calls += block.calls;
    errors += block.errors;
    seconds += block.seconds;
    for (let at = 0; at < places.length; at++) {
      const place = places[at] ?? 0;
      totals[place] = (totals[place] ?? 0) + (counts[at] ?? 0);
    }
  }
  return { timesMs, counts: totals, cumulative: cumulate(totals), calls, errors, seconds };
}

function redrawBlocks<Item>(
  blocks: readonly Item[],
  stretch: number,
  random: () => number,
): Item[] {
  const drawn: Item[] = [];
  while (drawn.length < blocks.length) {
    const from = Math.floor(random() * blocks.length);
    for (let step = 0; step < stretch && drawn.length < blocks.length; step++) {
      // Past the end it goes on at the begin, so that each piece is drawn as often as any other.
      const block = blocks[(from + step) % blocks.length];
      if (block !== undefined) {
        drawn.push(block);
      }
    }
  }
  return drawn;
}

/** Each time could have occurred more or less often, by chance: a Poisson number. */
function redrawCalls(actual: Totals, random: () => number): Totals {
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
  const limit = Math.exp(-mean);
  let product = random();
  let count = 0;
  while (product > limit) {
    product *= random();
    count++;
  }
  return count;
}
