import { sha256 } from "@noble/hashes/sha2.js";
import type { TaskContext } from "../../places/place.ts";
import { calibrate } from "../calibrate.ts";

export interface HashInput {
  readonly data: string;
  /** How often SHA-256 is applied, from 1. */
  readonly rounds: number;
}

/** Rounds between two looks at whether anybody still waits: about a millisecond. */
const roundsBetweenLooks = 2_000;

/**
 * Chained SHA-256 in hexadecimal: the hash of the data, then the hash of that hash's 32 bytes, and
 * so on. One round is plain SHA-256.
 *
 * Not with node:crypto: all threads of a process share OpenSSL's digest object and count references
 * to it at every call, so that for inputs this small two threads on two cores take up to 1.7 times
 * as long as one alone. Here threads share nothing, and a round leaves no garbage: the hash's state
 * and the digest are used again.
 */
export function computeHash({ data, rounds }: HashInput, { stopped }: TaskContext): string {
  const fresh = sha256.create();
  const state = sha256.create();
  const digest = sha256(Buffer.from(data));
  for (let round = 1; round < rounds; round++) {
    if (round % roundsBetweenLooks === 0 && stopped()) {
      throw new Error(`Stopped after ${round} of ${rounds} rounds: nobody waits for the hash`);
    }
    fresh._cloneInto(state);
    state.update(digest).digestInto(digest);
  }
  return Buffer.from(digest).toString("hex");
}

/** How many rounds cost about 100 ms of CPU in this thread. */
export function calibrateRounds(_: null, context: TaskContext): number {
  const sample = 10_000;
  const samples = calibrate(() => computeHash({ data: "calibration", rounds: sample }, context));
  return Math.round(samples * sample);
}
