import { sha256 } from "@noble/hashes/sha2.js";
import type { TaskContext } from "@unblock/executors/executor";
import { calibrate } from "../calibrate.ts";

export interface HashInput {
  readonly data: string;
  /** How many times SHA-256 is applied, from 1. */
  readonly rounds: number;
}

/** Rounds between checks for cancellation: about a millisecond. */
const roundsBetweenChecks = 2_000;

/**
 * Chained SHA-256 in hexadecimal: the hash of the data, then the hash of that hash's 32 bytes, and
 * so on. One round is plain SHA-256.
 *
 * node:crypto is not used because all threads of a process share OpenSSL's digest object and count
 * references to it at every call: for inputs this small, two threads on two cores take up to 1.7
 * times as long as one. Here threads share nothing, and state and digest are reused, so that a
 * round creates no garbage.
 */
export function computeHash({ data, rounds }: HashInput, { stopped }: TaskContext): string {
  const fresh = sha256.create();
  const state = sha256.create();
  const digest = sha256(Buffer.from(data));
  for (let round = 1; round < rounds; round++) {
    if (round % roundsBetweenChecks === 0 && stopped()) {
      throw new Error(`Stopped after ${round} of ${rounds} rounds`);
    }
    fresh._cloneInto(state);
    state.update(digest).digestInto(digest);
  }
  return Buffer.from(digest).toString("hex");
}

/** Number of rounds that cost about 100 ms of CPU on this thread. */
export function calibrateRounds(_: null, context: TaskContext): number {
  const sample = 10_000;
  const samples = calibrate(() => computeHash({ data: "calibration", rounds: sample }, context));
  return Math.round(samples * sample);
}
