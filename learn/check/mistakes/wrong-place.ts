import type { Diagnosis } from "../../diagnose/diagnosis.ts";

/** The decision names one place, and the work ran in another. */
export function decidedOtherwise(decided: string, ran: string, evidence: string): Diagnosis {
  return {
    name: "wrong-place",
    finding: `You decided ${decided}, and it ran as ${ran}: ${evidence}.`,
    nextStep:
      "Ask which of the two you mean: change the decision, or the code, until they say the same.",
    numbers: {},
  };
}

/** Calls that wait held the threads that are there to compute. */
export function waitsInWorkers(calls: number, most: number, cores: number): Diagnosis {
  return {
    name: "wrong-place",
    finding: `${calls} blocking calls ran in the pool for computing, whose ${cores} threads are as many as the cores: ${most} waited at once, and no core had anything to do.`,
    nextStep:
      "Let what waits wait elsewhere, without a thread or in the pool threads, and keep the workers for what computes.",
    numbers: { blocking_calls: calls, most_at_once: most, workers: cores },
  };
}
