import { availableParallelism } from "node:os";
import { type Strategy, Suitability } from "../gen/unblock/v1/exercise_pb.ts";
import type { BurstClient } from "../loadtest/burst-client.ts";
import type { Exercise } from "../registry/exercises.ts";

/**
 * Fires a burst that does not count, since code that is not compiled takes several times as long. Freezing shows
 * after one call, and what follows the response piles up.
 */
export async function warmUp(
  bursts: BurstClient,
  exercise: Exercise,
  { name, suitability }: Strategy,
): Promise<void> {
  const { burst, work } = exercise;
  const isOneEnough = suitability >= Suitability.SLOW || work.afterReply;
  const calls = work.cpu ? availableParallelism() : burst.calls;
  await bursts.fire(exercise, name, isOneEnough ? 1 : calls);
}
