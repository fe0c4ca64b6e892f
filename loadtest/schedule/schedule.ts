/** A part of an open load: the rate goes evenly from one value to the other, or stays. */
export interface Stage {
  /** Calls per second. */
  readonly fromRate: number;
  readonly toRate: number;
  readonly durationMs: number;
}

export const arrivalKinds = ["constant", "poisson"] as const;
/** "constant": evenly spaced. "poisson": independent of each other, as many separate users are. */
export type Arrivals = (typeof arrivalKinds)[number];

/** When each call of an open load is due. */
export interface Schedule {
  readonly durationMs: number;
  /**
   * When call `n` (from 1) is due, in milliseconds from the load's begin; Infinity when the load ends
   * before it. To be asked in ascending order.
   */
  dueMs(n: number): number;
}

/**
 * @param random gives numbers from 0 to 1. Threads that share a Poisson schedule must all give the
 * same sequence, so that they agree on when a call is due
 */
export function createSchedule(
  stages: readonly Stage[],
  arrivals: Arrivals,
  random: () => number,
): Schedule {
  const durationMs = stages.reduce((sum, stage) => sum + stage.durationMs, 0);
  // A Poisson process of any rate is one of rate 1 on a stretched time axis, and so are even steps.
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

/** When a load's expected number of calls reaches `calls`. */
function timeOf(stages: readonly Stage[], calls: number): number {
  let beginMs = 0;
  let rest = calls;
  for (const stage of stages) {
    const seconds = stage.durationMs / 1_000;
    const expected = ((stage.fromRate + stage.toRate) / 2) * seconds;
    // Counting from 0, the call that the stage's end would bring belongs to the next one.
    if (rest < expected - 1e-6) {
      return beginMs + timeWithin(stage, rest);
    }
    rest = Math.max(0, rest - expected);
    beginMs += stage.durationMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** Solves `fromRate × t + growth / 2 × t² = calls` for t, in the form that is exact for small growth. */
function timeWithin({ fromRate, toRate, durationMs }: Stage, calls: number): number {
  const growth = (toRate - fromRate) / (durationMs / 1_000);
  const root = Math.sqrt(Math.max(0, fromRate ** 2 + 2 * growth * calls));
  return calls === 0 ? 0 : ((2 * calls) / (fromRate + root)) * 1_000;
}
