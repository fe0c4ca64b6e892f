import type { Observation } from "../../service/observation.ts";
import type { AloneReading } from "./alone.ts";
import type { Evidence } from "./evidence.ts";
import type { TreeUse } from "./tree-watch.ts";

/** A span of time in which nobody called. */
export interface IdleReading {
  readonly ms: number;
  /** CPU time of the event loop's thread. */
  readonly loopCpuMs: number;
  /** What the operating system saw; undefined where it does not tell. */
  readonly tree: TreeUse | undefined;
  readonly observed: Observation;
}

/** What a learner's handler was measured with, and what came of it. */
export interface Measured {
  /** In the order in which they were fired. */
  readonly bursts: readonly Evidence[];
  /**
   * Calls at once, twice: to see whether they disturb each other, and what is left of them. The same bursts,
   * where a burst has several calls.
   */
  readonly crowds: readonly Evidence[];
  /** What the service did when nobody called. */
  readonly idle: IdleReading;
  /** The one whose calls overlapped most. */
  readonly best: Evidence;
  readonly alone: AloneReading;
  readonly allowedMs: number;
  /** The bystander's latency when nothing else goes on (90 % are no later), in milliseconds. */
  readonly idleBystanderMs: number;
  /** How many cores others kept busy all the while. */
  readonly busyCores: number;
  readonly cores: number;
}

/** The least wall time of all bursts, in milliseconds. */
export function fastestWallMs({ bursts }: Measured): number {
  return Math.min(...bursts.map(({ burst }) => burst.wallMs));
}

/** What 90 % of the bystander's calls were no later than, in the burst that it suffered least in, in ms. */
export function bystanderMs({ bursts }: Measured): number {
  return Math.min(...bursts.map(({ burst }) => percentile90(burst.bystanderMs)));
}

export function percentile90(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0;
}

/** A bystander that is no later has not suffered, in milliseconds. */
const unnoticedMs = 30;
/** Nor one that is late on this machine anyway. */
const idleTimes = 10;

/** Nor one that a burst's calls are before: to decode and answer each takes the loop so long, in ms. */
const servedMs = 0.5;

/** How late the bystander may be, in milliseconds. */
export function allowedBystanderMs({ best, idleBystanderMs }: Measured): number {
  return Math.max(unnoticedMs, idleTimes * idleBystanderMs, servedMs * best.burst.calls.length);
}
