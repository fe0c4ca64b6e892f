import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import { describeAlone, fastestMs } from "../measure/alone.ts";
import { fastestWallMs, type Measured } from "../measure/measured.ts";
import { round } from "../numbers.ts";

/** Nothing but the time is wrong with a burst: where it ran is right, and so is how it overlapped. */
export function slowerThanItsWork(measured: Measured): Diagnosis {
  const { alone, allowedMs, bursts, best } = measured;
  const wallMs = round(fastestWallMs(measured));
  const mostMs = round(allowedMs);
  return {
    name: "slower-than-its-work",
    finding: `${best.burst.calls.length} calls at once took ${wallMs} ms, the best of ${bursts.length} bursts, and up to ${mostMs} ms are right here: the work of one takes ${describeAlone(alone)}. They overlapped, and in a right place, so each does or awaits something besides its work.`,
    nextStep:
      "Time the parts of one call: look for a wait that nobody asked for, work that is done twice, something that is opened anew for each call.",
    numbers: {
      wall_ms: wallMs,
      allowed_ms: mostMs,
      alone_ms: round(fastestMs(alone)),
      bursts: bursts.length,
    },
  };
}
