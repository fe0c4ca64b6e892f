import type { Exercise } from "../../../registry/exercises.ts";
import { callsOf, type Evidence, workOf } from "../measure/evidence.ts";
import { planOf } from "../plan.ts";

/** How far something overlapped in a burst. */
export interface Overlap {
  /** Such as "calls of the database". */
  readonly what: string;
  /** How many there were. */
  readonly calls: number;
  /** The most in progress at once. */
  readonly most: number;
  /** How many shall be. */
  readonly wanted: number;
}

/** What shall overlap in an exercise's burst: calls of its backend, and computing as far as there are cores. */
export function overlapsOf(
  exercise: Exercise,
  evidence: Evidence,
  cores: number,
): readonly Overlap[] {
  const { backend } = planOf(exercise);
  const overlaps: Overlap[] = [];
  if (backend !== undefined) {
    const { calls, mostInProgress } = callsOf(evidence, backend.name);
    const { name, overlap } = backend;
    overlaps.push({ what: `calls of the ${name}`, calls, most: mostInProgress, wanted: overlap });
  }
  if (exercise.work.cpu) {
    const { calls } = exercise.burst;
    const most = computingAtOnce(evidence);
    overlaps.push({ what: "computations", calls, most, wanted: Math.min(cores, calls) });
  }
  return overlaps;
}

/** Whether something overlapped less than it shall. */
export function isTooLittle({ most, wanted }: Overlap): boolean {
  return most < wanted;
}

/** How many threads or processes computed at once. */
export function computingAtOnce(evidence: Evidence): number {
  const { computing } = evidence.observed.usage;
  if (computing.calls > 0) {
    return computing.mostInProgress;
  }
  // Processes count for themselves, and code that does not use the toolbox is not counted: then the
  // pools tell how many of their seats were taken.
  const seats = ["workers", "processes", "threads"]
    .map((name) => workOf(evidence, name))
    .map(({ completed, mostRunning }) => (completed > 0 ? mostRunning : 0));
  return Math.max(...seats);
}
