import { Suitability } from "../gen/unblock/v1/exercise_pb.ts";
import type { Cores } from "../measure/cores.ts";
import { type Exercise, exercises } from "../registry/exercises.ts";
import { memoryPerThread } from "./costs.ts";
import type { Measurement, Subject } from "./measurement.ts";
import { isThere } from "./real-engines.ts";
import { Rig, type RigSizes } from "./rig.ts";
import { Patience, Rounds } from "./rounds.ts";
import { Sampler } from "./sampler.ts";

/** Time for each exercise, in milliseconds: while nobody disturbs, and with all repeating of what was disturbed. */
const quietMsEach = 7_500;
const maxMsEach = 32_000;
/** What a round of an exercise costs beside its bursts, in milliseconds, to share the time out. */
const overheadMs = 1_500;
/** About what a computing call costs, in milliseconds. */
const cpuCallMs = 100;

export interface LabOptions extends RigSizes {
  /** The exercises' letters; undefined for all. */
  readonly letters: readonly string[] | undefined;
  /** A strategy's name; undefined for all. */
  readonly strategy: string | undefined;
  /** Undisturbed rounds of each right strategy. */
  readonly runs: number;
  readonly cores: Cores;
  /** Its abort ends the lab. */
  readonly signal: AbortSignal;
  /** Called before each step. */
  readonly onProgress: (what: string) => void;
  /** Called with each exercise when it is measured, also when it was aborted midway. */
  readonly onMeasured: (measured: readonly Measurement[]) => void;
}

/** The longest that the lab takes for so many exercises, in milliseconds. */
export function maxLabMs(count: number): number {
  return count * maxMsEach;
}

/** Measures every exercise with every strategy that the options leave. */
export async function runLab(options: LabOptions): Promise<void> {
  const { cores, signal, cpuWorkers, blockingThreads, libuvThreads, onProgress } = options;
  const beganMs = performance.now();
  onProgress("starting two servers");
  const opening = [
    Rig.open({ cpuWorkers, blockingThreads, libuvThreads }),
    // One CPU worker to compare with; and what it has fewer threads shows what a thread costs.
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

/** The exercises that the options leave; empty when none has the strategy. */
export function selectedExercises({
  letters,
  strategy,
}: Pick<LabOptions, "letters" | "strategy">): Exercise[] {
  return exercises
    .filter(({ letter }) => letters === undefined || letters.includes(letter))
    .filter(({ allStrategies }) =>
      allStrategies.some(
        ({ name, needs }) => (strategy === undefined || name === strategy) && isThere(needs),
      ),
    );
}

function subjectsOf(exercise: Exercise, { strategy: only, cpuWorkers }: LabOptions): Subject[] {
  const strategies = exercise.allStrategies.filter(
    ({ name, needs }) => (only === undefined || name === only) && isThere(needs),
  );
  const recommended = strategies.find(({ name }) => name === exercise.recommended);
  return [
    ...strategies.map((strategy) => ({ exercise, strategy, cpuWorkers, isOneWorker: false })),
    ...(recommended !== undefined && exercise.work.cpu && cpuWorkers > 1
      ? [{ exercise, strategy: recommended, cpuWorkers: 1, isOneWorker: true }]
      : []),
  ];
}

/** About what a round of an exercise takes, in milliseconds. */
function weightOf({ burst, work, strategies }: Exercise): number {
  const callMs = work.waitMs + (work.cpu ? cpuCallMs : 0);
  const freezing = strategies.filter(({ suitability }) => suitability >= Suitability.SLOW).length;
  return overheadMs + freezing * burst.calls * callMs;
}
