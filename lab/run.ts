import type { Cores } from "@unblock/measure/cores";
import { type Exercise, exercises } from "@unblock/proto/exercises";
import { Suitability } from "@unblock/proto/gen/exercise";
import { memoryPerThread } from "./costs.ts";
import type { Measurement, Subject } from "./measurement.ts";
import { Rig, type RigSizes } from "./rig.ts";
import { Patience, Rounds } from "./rounds.ts";
import { Sampler } from "./sampler.ts";

/** Time per exercise on an undisturbed machine, and at most, with disturbed samples repeated. */
const quietMsEach = 7_500;
const maxMsEach = 35_000;
/** Duration of a round besides its bursts, for sharing the time between exercises. */
const overheadMs = 1_500;
/** Approximate duration of a call that computes. */
const cpuCallMs = 100;

interface LabOptions extends RigSizes {
  /** Letters of the exercises; undefined for all. */
  readonly letters: readonly string[] | undefined;
  /** Name of a strategy; undefined for all. */
  readonly strategy: string | undefined;
  /** Undisturbed rounds of each right strategy. */
  readonly runs: number;
  readonly cores: Cores;
  /** Its abort ends the lab. */
  readonly signal: AbortSignal;
  /** Called before each step. */
  readonly onProgress: (what: string) => void;
  /** Called with each exercise's result, also when the lab was aborted midway. */
  readonly onMeasured: (measured: readonly Measurement[]) => void;
}

/** Maximum duration of the lab for a number of exercises. */
export function maxLabMs(count: number): number {
  return count * maxMsEach;
}

/** Measures the selected exercises with the selected strategies. */
export async function runLab(options: LabOptions): Promise<void> {
  const { cores, signal, cpuWorkers, blockingThreads, libuvThreads, onProgress } = options;
  const beganMs = performance.now();
  onProgress("starting two servers");
  const opening = [
    Rig.open({ cpuWorkers, blockingThreads, libuvThreads }),
    // The second server has one CPU worker to compare with, and fewer threads, which shows a thread's memory.
    Rig.open({ cpuWorkers: 1, blockingThreads: 1, libuvThreads }, false),
  ] as const;
  try {
    const [rig, smallRig] = await Promise.all(opening);
    const perThreadMb = memoryPerThread(rig, smallRig);
    const sampler = new Sampler(cores, signal);
    const patience = new Patience();
    const fixed = await rig.fixWork(selectedExercises(options).map(({ letter }) => letter));
    let weightLeft = fixed.reduce((sum, exercise) => sum + weightOf(exercise), 0);
    for (const exercise of fixed) {
      const nowMs = performance.now();
      const share = weightOf(exercise) / weightLeft;
      const until = (eachMs: number) =>
        nowMs + share * Math.max(0, beganMs + fixed.length * eachMs - nowMs);
      const rounds = new Rounds(subjectsOf(exercise, options), {
        ...{ patience, perThreadMb, onProgress, rounds: options.runs },
        take: (subject, round, calls) =>
          sampler.take(subject.isOneWorker ? smallRig : rig, subject, round, calls),
        becomeCalm: (maxMs, onWait) => sampler.becomeCalm(maxMs, onWait),
        narrowUntilMs: until(quietMsEach),
        repeatUntilMs: until(maxMsEach),
      });
      try {
        await rounds.run();
      } finally {
        options.onMeasured(rounds.measurements());
      }
      weightLeft -= weightOf(exercise);
    }
  } finally {
    const opened = await Promise.allSettled(opening);
    await Promise.all(
      opened.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)),
    );
  }
}

/** The selected exercises; empty when none has the strategy. */
export function selectedExercises({
  letters,
  strategy,
}: Pick<LabOptions, "letters" | "strategy">): Exercise[] {
  return exercises
    .filter(({ letter }) => letters === undefined || letters.includes(letter))
    .filter(({ allStrategies }) =>
      allStrategies.some(
        ({ name, needs }) => (strategy === undefined || name === strategy) && isAvailable(needs),
      ),
    );
}

function subjectsOf(exercise: Exercise, { strategy: only, cpuWorkers }: LabOptions): Subject[] {
  const strategies = exercise.allStrategies.filter(
    ({ name, needs }) => (only === undefined || name === only) && isAvailable(needs),
  );
  const recommended = strategies.find(({ name }) => name === exercise.recommended);
  return [
    ...strategies.map((strategy) => ({ exercise, strategy, cpuWorkers, isOneWorker: false })),
    ...(recommended !== undefined && exercise.work.cpu && cpuWorkers > 1
      ? [{ exercise, strategy: recommended, cpuWorkers: 1, isOneWorker: true }]
      : []),
  ];
}

/** Approximate duration of a round of an exercise, in milliseconds. */
function weightOf({ burst, work, strategies }: Exercise): number {
  const callMs = work.waitMs + (work.cpu ? cpuCallMs : 0);
  const freezing = strategies.filter(({ suitability }) => suitability >= Suitability.SLOW).length;
  return overheadMs + freezing * burst.calls * callMs;
}

/** Backends that may be external, by the variables that configure them. */
const backends: Readonly<Record<string, string>> = {
  DATABASE_URL: "Postgres",
  REDIS_URL: "Redis",
  WEATHER_URL: "weather",
  SERVICES_URL: "services",
  IMAGES_URL: "images",
  ANALYTICS_URL: "analytics",
  CONFIG_FILE: "config file",
};

/** Whether the environment, which the server inherits, has what a strategy needs. */
function isAvailable(needs: string): boolean {
  return needs === "" || Boolean(process.env[needs]);
}

/** Names of the external backends. Their URLs may have passwords and are left out. */
export function externalBackends(): readonly string[] {
  return Object.entries(backends).flatMap(([variable, name]) =>
    isAvailable(variable) ? [name] : [],
  );
}
