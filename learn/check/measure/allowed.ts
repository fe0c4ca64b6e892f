import type { Exercise } from "../../../registry/exercises.ts";
import { type AloneReading, fastestMs, roundMs } from "./alone.ts";

/** The specification's bands are for a machine that does nothing else; this is more patient. */
const slack = 1.25;
/** What callers, wire and timers may add, whatever the work takes, in milliseconds. */
const marginMs = 20;

/**
 * The wall time that a burst may take here, in milliseconds: so many times what one call takes alone, as
 * the specification gives it, plus the rounds that computing takes on this machine's cores.
 */
export function allowedMs(exercise: Exercise, cores: number, alone: AloneReading): number {
  const { burst, work } = exercise;
  const { band } = burst;
  if (!("timesLimit" in band)) {
    // Nobody waits for what comes after the reply.
    const leastMs = work.afterReply ? band.toMs : (band.toMs / work.waitMs) * fastestMs(alone);
    return leastMs * slack + marginMs;
  }
  const rounds = Math.ceil(burst.calls / cores);
  const leastMs = work.waitMs + rounds * roundMs(exercise, alone);
  return band.timesLimit * leastMs * slack + marginMs;
}
