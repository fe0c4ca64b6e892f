import type { JsonValue } from "@bufbuild/protobuf";
import type { Exercise } from "../../../registry/exercises.ts";
import type { LearnerService } from "../process/learner-service.ts";

/** How often one call's work is measured. */
const runs = 3;

/** What one call's work takes when it is done right and nothing else goes on. */
export interface AloneReading {
  /** Each run, in milliseconds. */
  readonly runsMs: readonly number[];
  /** How many rounds of hashing cost about 100 ms here; 0 for exercises that don't hash. */
  readonly rounds: number;
}

/** Measures it in the learner's own service, just before the learner's handler is measured. */
export async function measureAlone(
  service: LearnerService,
  request: JsonValue,
): Promise<AloneReading> {
  // Threads make their connections on first use.
  const { facts } = await service.alone(request);
  const runsMs: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { ms } = await service.alone(request);
    runsMs.push(ms);
  }
  return { runsMs, rounds: Number(facts["unblock-rounds"] ?? 0) };
}

/** The work of one call, as fast as this machine does it, in milliseconds. */
export function fastestMs({ runsMs }: AloneReading): number {
  return Math.min(...runsMs);
}

/** What of it is computing, in milliseconds. */
export function taskMs({ work }: Exercise, alone: AloneReading): number {
  return work.cpu ? Math.max(0, fastestMs(alone) - work.waitMs) : 0;
}
