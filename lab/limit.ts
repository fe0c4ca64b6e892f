import type { Exercise } from "../registry/exercises.ts";

/**
 * The least wall time, in milliseconds, that physics allows an exercise's burst: all waiting
 * overlaps, and n CPU tasks on c cores take ⌈n/c⌉ rounds of one task.
 *
 * @param taskMs one CPU task measured alone; not used where there is none
 */
export function limitOf({ burst, work }: Exercise, cores: number, taskMs: number): number {
  if (work.afterReply) {
    return 0;
  }
  return work.waitMs + (work.cpu ? Math.ceil(burst.calls / cores) * taskMs : 0);
}

/** The wall time that the specification expects, in milliseconds. */
export function bandOf({ burst }: Exercise, limitMs: number): readonly [from: number, to: number] {
  const { band } = burst;
  return "timesLimit" in band ? [limitMs, band.timesLimit * limitMs] : [band.fromMs, band.toMs];
}

/**
 * A limit that was measured, on a machine that is never quite the same twice, is no lower bound: a
 * burst may come out a little under it.
 */
export function isWithin({ burst }: Exercise, [from, to]: readonly number[], wallMs: number) {
  const lowest = "timesLimit" in burst.band ? 0 : (from ?? 0);
  return wallMs >= lowest && wallMs <= (to ?? Number.POSITIVE_INFINITY);
}
