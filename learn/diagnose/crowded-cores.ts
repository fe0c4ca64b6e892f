import type { Diagnosis } from "./diagnosis.ts";
import type { ThreadsReading } from "./watch-threads.ts";

export function diagnoseCrowdedCores({
  mostComputing,
  cores,
  line,
}: ThreadsReading): Diagnosis | undefined {
  if (mostComputing <= cores) {
    return undefined;
  }
  return {
    name: "more-threads-than-cores",
    finding: `${mostComputing} worker threads computed at once on ${cores} cores: they took the cores from each other and from the event loop, so that none was done sooner and all were done late.`,
    ...(line === undefined ? {} : { line }),
    nextStep: `Compute in a pool of ${cores} threads, a thread a core, and let the rest wait in its queue.`,
    numbers: { computing_at_once: mostComputing, cores },
  };
}
