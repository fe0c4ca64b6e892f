import type { Strategy } from "../gen/unblock/v1/exercise_pb.ts";
import { describeMachine } from "../machine/quiet.ts";
import { type Exercise, exercises } from "../registry/exercises.ts";
import { measure } from "./measure.ts";
import { isThere, realEngines } from "./real-engines.ts";
import type { LabResult, Measurement } from "./result.ts";
import { Rig } from "./rig.ts";
import { measureTaskAlone } from "./task-alone.ts";

export interface LabOptions {
  /** The exercises' letters; undefined for all. */
  readonly letters: readonly string[] | undefined;
  /** A strategy's name; undefined for all. */
  readonly strategy: string | undefined;
  readonly runs: number;
  readonly cpuWorkers: number;
  readonly libuvThreads: number;
  readonly blockingThreads: number;
  /** Told before each measurement. */
  readonly onProgress: (done: number, of: number, what: string) => void;
}

/** One worker is there to compare with, and takes long. */
const oneWorkerRuns = 2;

interface Plan {
  readonly exercise: Exercise;
  readonly strategies: readonly Strategy[];
}

/** Measures every exercise with every strategy that the options leave. */
export async function runLab(options: LabOptions): Promise<LabResult> {
  const plans = makePlans(options);
  const onePlans =
    options.cpuWorkers === 1
      ? []
      : plans
          .filter(({ exercise }) => exercise.work.cpu)
          .map((plan) => ({
            ...plan,
            strategies: plan.strategies.filter(({ name }) => name === "workers"),
          }))
          .filter(({ strategies }) => strategies.length > 0);
  const of = [...plans, ...onePlans].reduce((sum, plan) => sum + plan.strategies.length, 0);
  let done = 0;
  const next = (what: string) => options.onProgress(done++, of, what);
  return {
    machine: describeMachine(),
    realEngines: realEngines(),
    measurements: await measureAll(plans, options, next),
    oneCpuWorker: await measureAll(
      onePlans,
      { ...options, cpuWorkers: 1, runs: Math.min(options.runs, oneWorkerRuns) },
      next,
    ),
  };
}

/** What the options leave; empty when no exercise has the strategy. */
export function makePlans({ letters, strategy }: Pick<LabOptions, "letters" | "strategy">): Plan[] {
  return exercises
    .filter(({ letter }) => letters === undefined || letters.includes(letter))
    .map((exercise) => ({
      exercise,
      strategies: exercise.allStrategies.filter(
        ({ name, needs }) => (strategy === undefined || name === strategy) && isThere(needs),
      ),
    }))
    .filter(({ strategies }) => strategies.length > 0);
}

async function measureAll(
  plans: readonly Plan[],
  options: LabOptions,
  next: (what: string) => void,
): Promise<Measurement[]> {
  if (plans.length === 0) {
    return [];
  }
  const { runs, cpuWorkers, libuvThreads, blockingThreads } = options;
  const { cores } = describeMachine();
  const flags = [
    `--cpu-workers=${cpuWorkers}`,
    `--libuv-threads=${libuvThreads}`,
    `--blocking-threads=${blockingThreads}`,
  ];
  const rig = await Rig.open(flags, cpuWorkers);
  try {
    const measurements: Measurement[] = [];
    for (const { exercise, strategies } of plans) {
      const taskMs = await measureTaskAlone(rig.bursts, exercise);
      for (const strategy of strategies) {
        next(`${exercise.letter} ${strategy.name}`);
        measurements.push(
          await measure(rig, exercise, strategy, { runs, cores, cpuWorkers, taskMs }),
        );
      }
    }
    return measurements;
  } finally {
    await rig.close();
  }
}
