import { type Strategy, Suitability } from "../gen/unblock/v1/exercise_pb.ts";
import type { BurstClient } from "../loadtest/burst-client.ts";
import { monotonicMs } from "../registry/clock.ts";
import type { Exercise } from "../registry/exercises.ts";

/** How long calls are made before they count, in milliseconds: some thousand that wait for 10 ms. */
export const warmUpMs = 500;

/**
 * Calls until a strategy is as fast as it gets.
 *
 * Threads make their connections on first use, so every thread that its calls may wait on is used once;
 * and a path that is not compiled yet takes several times as long, which a hundred calls of 10 ms show.
 * Computing needs no connection, and freezing shows without a warm-up of many calls. What follows the
 * reply piles up: hundreds of events in a queue would outlive the server that they are for.
 *
 * @param threads how many the strategy's place has, if it has a number of them
 * @param forMs how long calls are made, in milliseconds
 */
export async function warmUp(
  bursts: BurstClient,
  exercise: Exercise,
  strategy: Strategy,
  threads: number | undefined,
  forMs: number,
): Promise<void> {
  const { burst, work } = exercise;
  const fire = (calls: number) => bursts.fire(exercise, strategy.name, calls);
  if (strategy.suitability >= Suitability.SLOW || work.waitMs === 0 || work.afterReply) {
    await fire(1);
    return;
  }
  const until = monotonicMs() + forMs;
  await fire(threads ?? burst.calls);
  while (monotonicMs() < until) {
    await fire(burst.calls);
  }
}
