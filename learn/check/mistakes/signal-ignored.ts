import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { WentOn } from "../steps/signal.ts";

/** @param during what the work was doing when its callers gave up */
export function signalIgnored(during: string, { message, calls, of }: WentOn): Diagnosis {
  return {
    name: "signal-ignored",
    finding: `${of} callers gave up while ${during}, and ${message}.`,
    nextStep:
      "Hand the handler's signal on to all that waits or runs for the call: fetch, a pool's run, the work itself by stopped().",
    numbers: { went_on: calls, given_up: of },
  };
}
