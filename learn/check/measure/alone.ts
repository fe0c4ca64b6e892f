import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "../../../registry/exercises.ts";
import { round } from "../numbers.ts";
import type { Session } from "../session.ts";

/** How often one call's work is measured. */
const runs = 3;

/** What one call's work takes when it is done right and nothing else goes on. */
export interface AloneReading {
  /** Each run, in milliseconds. */
  readonly runsMs: readonly number[];
  /**
   * Each time that as many calls' work as there are cores was done at once, in milliseconds: two cores
   * may be halves of one, and then each is slower beside the other. Empty for exercises that don't compute.
   */
  readonly atOnceMs: readonly number[];
  /** How many rounds of hashing cost about 100 ms here; 0 for exercises that don't hash. */
  readonly rounds: number;
}

/** Measures it in the learner's own service, just before the learner's handler is measured. */
export async function measureAlone(
  { exercise, service }: Session,
  request: JsonValue,
  cores: number,
): Promise<AloneReading> {
  // Threads make their connections on first use.
  const { facts } = await service.alone(request);
  const runsMs: number[] = [];
  const atOnceMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { ms } = await service.alone(request);
    runsMs.push(ms);
    if (exercise.work.cpu) {
      const all = await Promise.all(Array.from({ length: cores }, () => service.alone(request)));
      atOnceMs.push(Math.max(...all.map((one) => one.ms)));
    }
  }
  return { runsMs, atOnceMs, rounds: Number(facts["unblock-rounds"] ?? 0) };
}

/** The work of one call, as fast as this machine does it, in milliseconds. */
export function fastestMs({ runsMs }: AloneReading): number {
  return Math.min(...runsMs);
}

/** For people: what one call's work takes here. */
export function describeAlone(alone: AloneReading): string {
  const ms = `${round(fastestMs(alone))} ms alone`;
  const { atOnceMs } = alone;
  return atOnceMs.length === 0
    ? ms
    : `${ms}, and ${round(Math.min(...atOnceMs))} ms when each core has one`;
}

/** What of it is computing, in milliseconds. */
export function taskMs({ work }: Exercise, alone: AloneReading): number {
  return work.cpu ? Math.max(0, fastestMs(alone) - work.waitMs) : 0;
}

/** What a round of computing takes when every core has a call's work, in milliseconds. */
export function roundMs(exercise: Exercise, alone: AloneReading): number {
  const { atOnceMs } = alone;
  return atOnceMs.length === 0 ? 0 : Math.max(0, Math.min(...atOnceMs) - exercise.work.waitMs);
}
