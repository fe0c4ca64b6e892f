import { hash } from "node:crypto";
import type { TaskContext } from "../../places/place.ts";
import { calibrate } from "../calibrate.ts";

export interface HashInput {
  readonly data: string;
  /** How often SHA-256 is applied, from 1. */
  readonly rounds: number;
}

/** Rounds between two looks at whether anybody still waits: under a millisecond. */
const roundsBetweenLooks = 1_000;

/**
 * Chained SHA-256 in hexadecimal: the hash of the data, then the hash of the hash's 32 bytes, and so
 * on. One round is plain SHA-256.
 */
export function computeHash({ data, rounds }: HashInput, { stopped }: TaskContext): string {
  let digest = hash("sha256", data, "buffer");
  for (let round = 1; round < rounds; round++) {
    if (round % roundsBetweenLooks === 0 && stopped()) {
      throw new Error(`Stopped after ${round} of ${rounds} rounds: nobody waits for the hash`);
    }
    digest = hash("sha256", digest, "buffer");
  }
  return digest.toString("hex");
}

/** The same with a promise around it, which moves nothing anywhere. */
export async function computeHashAsync(input: HashInput, context: TaskContext): Promise<string> {
  return computeHash(input, context);
}

/** How many rounds cost about 100 ms of CPU in this thread. */
export function calibrateRounds(_: null, context: TaskContext): number {
  const sample = 5_000;
  const samples = calibrate(() => computeHash({ data: "calibration", rounds: sample }, context));
  return Math.round(samples * sample);
}
