import type { Cores } from "@unblock/measure/cores";
import { type Exercise, exercises } from "@unblock/proto/exercises";
import { type Strategy, Suitability } from "@unblock/proto/gen/exercise";
import { memoryPerThread } from "./costs.ts";
import type { Measurement, Subject } from "./judge.ts";
import { openRig, type RigSizes } from "./rig.ts";
import { comparedRounds, Rounds } from "./rounds.ts";
import { Sampler } from "./sampler.ts";

/** Time per exercise on an undisturbed machine, and at most, with disturbed samples repeated. */
const quietMsEach = 8_900;
const maxMsEach = 35_000;
/** Shortest duration of a sample, and CPU time of a call, for sharing the time between exercises. */
const minSampleMs = 300;
const cpuCallMs = 100;

interface LabOptions extends RigSizes {
  /** Letters of the exercises; undefined for all. */
  readonly letters: readonly string[] | undefined;
  /** Name of a strategy; undefined for all. */
  readonly strategy: string | undefined;
  readonly runs: number;
  readonly cores: Cores;
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
  /** Called with each exercise's result, also when the lab was aborted midway. */
  readonly onMeasured: (measured: readonly Measurement[]) => void;
}

export function maxLabMs(count: number): number {
  return count * maxMsEach;
}

export async function runLab(options: LabOptions): Promise<void> {
  const { cores, signal, cpuWorkers, blockingThreads, libuvThreads, onProgress } = options;
  const beganMs = performance.now();
  onProgress("starting two servers");
  const opening = [
    openRig({ cpuWorkers, blockingThreads, libuvThreads }),
    // The second server has one CPU worker to compare with, and fewer threads, which shows a thread's memory.
    openRig({ cpuWorkers: 1, blockingThreads: 1, libuvThreads }, false),
  ] as const;
  try {
    const [rig, smallRig] = await Promise.all(opening);
    const perThreadMb = memoryPerThread(rig, smallRig);
    const sampler = new Sampler(cores, signal);
    const patience = { vainWaits: 0 };
    const fixed = await rig.fixWork(selectedExercises(options).map(({ letter }) => letter));
    let weightLeft = fixed.reduce((sum, exercise) => sum + weightOf(exercise, options), 0);
    for (const exercise of fixed) {
      const nowMs = performance.now();
      const weight = weightOf(exercise, options);
      const share = weight / weightLeft;
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
      weightLeft -= weight;
    }
  } finally {
    const opened = await Promise.allSettled(opening);
    await Promise.all(
      opened.map((result) => (result.status === "fulfilled" ? result.value.close() : undefined)),
    );
  }
}

type Selection = Pick<LabOptions, "letters" | "strategy">;

/** The selected exercises; empty when none has the strategy. */
export function selectedExercises(selection: Selection): Exercise[] {
  return exercises.filter(
    (exercise) =>
      selection.letters?.includes(exercise.letter) !== false &&
      selectedStrategies(exercise, selection).length > 0,
  );
}

function selectedStrategies({ allStrategies }: Exercise, { strategy }: Selection): Strategy[] {
  return allStrategies.filter(
    ({ name, needs }) => (strategy === undefined || name === strategy) && isAvailable(needs),
  );
}

function subjectsOf(exercise: Exercise, options: LabOptions): Subject[] {
  const { cpuWorkers } = options;
  const subjects = selectedStrategies(exercise, options).map((strategy) => {
    return { exercise, strategy, cpuWorkers, isOneWorker: false };
  });
  const compared = exercise.work.cpu && cpuWorkers > 1 ? subjects : [];
  const recommended = compared.filter(({ strategy }) => strategy.name === exercise.recommended);
  return [
    ...subjects,
    ...recommended.map((subject) => ({ ...subject, cpuWorkers: 1, isOneWorker: true })),
  ];
}

/** Approximate duration of the samples that an exercise always has, in milliseconds. */
function weightOf(
  { burst, work, strategies }: Exercise,
  { runs, cpuWorkers }: Pick<LabOptions, "runs" | "cpuWorkers">,
): number {
  const callMs = work.waitMs + (work.cpu ? cpuCallMs : 0);
  const freezingMs = Math.max(minSampleMs, burst.calls * callMs);
  const overlappingMs = Math.max(minSampleMs, work.cpu ? freezingMs / cpuWorkers : callMs);
  const freezing = strategies.filter(({ suitability }) => suitability >= Suitability.SLOW).length;
  const overlapping = strategies.length - freezing;
  return freezing * comparedRounds.steady * freezingMs + overlapping * runs * overlappingMs;
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
