import { setTimeout } from "node:timers/promises";
import { type Strategy, Suitability } from "../gen/unblock/v1/exercise_pb.ts";
import type { Burst } from "../loadtest/burst.ts";
import { restMs } from "../loadtest/burst-client.ts";
import type { Exercise } from "../registry/exercises.ts";
import type { Measurement } from "./result.ts";
import type { Rig } from "./rig.ts";
import { summarize } from "./summarize.ts";
import { warmUp, warmUpMs } from "./warm-up.ts";

/** The recommended strategy gets every run; the others are there to compare with, and cost time. */
const comparedRuns = 3;
/** A strategy that freezes the server shows it at once. */
const frozenRuns = 2;
/** Longer than `warmUpMs`, in milliseconds: each thread compiles its code for itself, and runs one call of a burst. */
const threadsWarmUpMs = 2_000;

export interface MeasureOptions {
  readonly runs: number;
  readonly cores: number;
  readonly cpuWorkers: number;
  /** One CPU task measured alone, in milliseconds. */
  readonly taskMs: number;
}

/** Fires an exercise's burst `runs` times with one strategy, after a warm-up. */
export async function measure(
  rig: Rig,
  exercise: Exercise,
  strategy: Strategy,
  { runs, cores, cpuWorkers, taskMs }: MeasureOptions,
): Promise<Measurement> {
  const { places } = await rig.vitals();
  const threads = places.find(({ name }) => name === strategy.name)?.size;
  const forMs = threads === undefined ? warmUpMs : threadsWarmUpMs;
  await warmUp(rig.bursts, exercise, strategy, threads, forMs);
  const bursts: Burst[] = [];
  const loopDelays: number[] = [];
  const planned = runsFor(strategy.suitability, runs);
  for (let run = 0; run < planned; run++) {
    await rig.vitals();
    await setTimeout(restMs);
    bursts.push(await rig.bursts.fire(exercise, strategy.name, exercise.burst.calls));
    const { eventLoop } = await rig.vitals();
    loopDelays.push(eventLoop?.delayMaxMs ?? 0);
  }

  return summarize(exercise, strategy, bursts, { cores, cpuWorkers, taskMs, loopDelays });
}

function runsFor(suitability: Suitability, runs: number): number {
  switch (suitability) {
    case Suitability.RECOMMENDED:
      return runs;
    case Suitability.FREEZES:
      return Math.min(runs, frozenRuns);
    default:
      return Math.min(runs, comparedRuns);
  }
}
