/** Part of an open loop: a constant rate, or a linear ramp. */
export interface Stage {
  /** Calls per second. */
  readonly fromRate: number;
  readonly toRate: number;
  readonly durationMs: number;
}

export const arrivalKinds = ["constant", "poisson"] as const;
/** "constant": evenly spaced. "poisson": independent, like the calls of many users. */
export type Arrivals = (typeof arrivalKinds)[number];

export interface Schedule {
  readonly durationMs: number;
  /**
   * Due time of call `n` (from 1), in milliseconds since the start; Infinity if the load ends before.
   * `n` must not decrease between calls.
   */
  dueMs(n: number): number;
}

/**
 * @param random numbers from 0 to 1. Threads that share a Poisson schedule need the same sequence, so
 * that they agree on due times
 */
export function createSchedule(
  stages: readonly Stage[],
  arrivals: Arrivals,
  random: () => number,
): Schedule {
  const durationMs = stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  // A Poisson process of any rate is one of rate 1 on a scaled time axis; so are constant arrivals.
  let steps = 0;
  let drawn = 0;
  const stepsBefore = (n: number): number => {
    if (arrivals === "constant") {
      return n - 1;
    }
    for (; drawn < n; drawn++) {
      steps -= Math.log(1 - random());
    }
    return steps;
  };
  return { durationMs, dueMs: (n) => timeOf(stages, stepsBefore(n)) };
}

function timeOf(stages: readonly Stage[], calls: number): number {
  let startMs = 0;
  let rest = calls;
  for (const stage of stages) {
    const seconds = stage.durationMs / 1_000;
    const expected = ((stage.fromRate + stage.toRate) / 2) * seconds;
    // A call due exactly at the stage's end belongs to the next stage.
    if (rest < expected - 1e-6) {
      return startMs + timeWithin(stage, rest);
    }
    rest = Math.max(0, rest - expected);
    startMs += stage.durationMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** Solves `fromRate × t + growth / 2 × t² = calls` for t, in the form that is stable for small growth. */
function timeWithin({ fromRate, toRate, durationMs }: Stage, calls: number): number {
  const growth = (toRate - fromRate) / (durationMs / 1_000);
  const root = Math.sqrt(Math.max(0, fromRate ** 2 + 2 * growth * calls));
  return calls === 0 ? 0 : ((2 * calls) / (fromRate + root)) * 1_000;
}

/**
 * Creates a generator of numbers from 0 (inclusive) to 1 (exclusive), the same for the same seed.
 *
 * @see https://www.jstatsoft.org/article/view/v008i14 Marsaglia, Xorshift RNGs (xorshift32)
 */
export function createRandom(seed: number): () => number {
  // The state must not be 0, and similar seeds must not give similar numbers.
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
