import type { Exercise } from "@unblock/proto/exercises";
import type { AloneReading, IdleReading } from "./baseline.ts";
import type { Evidence } from "./evidence.ts";
import type { Whereabouts } from "./executor.ts";

/** All measurements of a learner's handler. */
export interface Measured {
  readonly exercise: Exercise;
  /** In order. */
  readonly bursts: readonly Evidence[];
  /**
   * Two bursts that show whether calls disturb each other and what they leave behind: the same bursts
   * where the exercise's has several calls, larger ones where it has one.
   */
  readonly crowds: readonly Evidence[];
  readonly idle: IdleReading;
  /** The burst whose calls overlapped most. */
  readonly best: Evidence;
  /** Where that burst's work ran. */
  readonly where: Whereabouts;
  readonly alone: AloneReading;
  readonly allowedMs: number;
  /** 90th percentile of the probe's latency when nothing else runs. */
  readonly idleProbeMs: number;
  /** Cores that others kept busy during the bursts. */
  readonly busyCores: number;
  readonly cores: number;
  /** Size of libuv's pool. */
  readonly libuvThreads: number;
}

/** A probe within this time has not suffered. */
const unnoticedMs = 30;
/** Nor one within this multiple of its latency when nothing else runs. */
const idleTimes = 10;
/** Nor one that waits for the loop to decode and answer a burst's calls, this long for each. */
const servedMs = 0.5;

export function fastestWallMs({ bursts }: Measured): number {
  return Math.min(...bursts.map(({ burst }) => burst.wallMs));
}

/** 90th percentile of the probe's latency, in the burst where it suffered least. */
export function probeMs({ bursts }: Measured): number {
  return Math.min(...bursts.map(({ burst }) => percentile90(burst.probeMs)));
}

export function allowedProbeMs({ best, idleProbeMs }: Measured): number {
  return Math.max(unnoticedMs, idleTimes * idleProbeMs, servedMs * best.burst.calls.length);
}

export function percentile90(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0;
}
