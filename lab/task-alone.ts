import type { BurstClient } from "../loadtest/burst-client.ts";
import type { Exercise } from "../registry/exercises.ts";
import { medianOf } from "./median.ts";

/** How often one task is measured alone. */
const aloneRuns = 5;

/**
 * What one CPU task of an exercise takes alone in a CPU worker, in milliseconds: the median of a few.
 * 0 when the exercise has no CPU work.
 */
export async function measureTaskAlone(bursts: BurstClient, exercise: Exercise): Promise<number> {
  if (!exercise.work.cpu) {
    return 0;
  }
  const taskMs: number[] = [];
  for (let run = 0; run < aloneRuns; run++) {
    const { calls } = await bursts.fire(exercise, "workers", 1);
    const work = calls[0]?.steps.find(({ name }) => name === "work");
    if (!work) {
      throw new Error(`${exercise.rpc} did not answer: ${calls[0]?.code}: ${calls[0]?.message}`);
    }
    // The first ones run before the code is compiled.
    taskMs.push(work.ms);
  }
  return medianOf(taskMs.slice(2));
}
