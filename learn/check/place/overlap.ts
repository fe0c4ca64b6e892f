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
    // That nobody asked the backend is a mistake of another name.
    if (calls > 0) {
      const { name, overlap } = backend;
      overlaps.push({ what: `calls of the ${name}`, calls, most: mostInProgress, wanted: overlap });
    }
  }
  if (exercise.work.cpu) {
    const { calls } = exercise.burst;
    const most = computingAtOnce(evidence);
    if (most !== undefined) {
      overlaps.push({ what: "computations", calls, most, wanted: Math.min(cores, calls) });
    }
  }
  return overlaps;
}

/** Whether something overlapped less than it shall. */
export function isTooLittle({ most, wanted }: Overlap): boolean {
  return most < wanted;
}

/** A thread with less CPU time in a burst has not computed a call's work, in milliseconds. */
const leastUnitMs = 20;

/**
 * How many threads or processes computed at once; undefined where nothing tells. Code that does not use
 * the toolbox is not counted: then as many as had CPU time.
 */
export function computingAtOnce(evidence: Evidence): number | undefined {
  const { usage, tree } = evidence;
  if (usage.computing.calls > 0) {
    return usage.computing.mostInProgress;
  }
  const running = ["workers", "processes", "threads"]
    .map((name) => workOf(evidence, name))
    .map(({ completed, mostRunning }) => (completed > 0 ? mostRunning : 0));
  const busy = tree?.units.filter((cpuMs) => cpuMs >= leastUnitMs).length ?? 0;
  const most = Math.max(...running, busy);
  return most > 0 ? most : undefined;
}
