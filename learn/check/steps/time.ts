import { fastestMs } from "../measure/alone.ts";
import { fastestWallMs, type Measured } from "../measure/measured.ts";
import { whyNoTime } from "../measure/trust.ts";
import { round } from "../numbers.ts";
import { fail, inconclusive, type Outcome, pass } from "./outcome.ts";

/** Did a burst take no longer than this machine needs for it? */
export function checkTime(measured: Measured): Outcome {
  const { alone, allowedMs, bursts } = measured;
  const wallMs = fastestWallMs(measured);
  const message = `${round(wallMs)} ms, best of ${bursts.length}; one call's work alone takes ${round(fastestMs(alone))} ms here, so up to ${round(allowedMs)} ms are right`;
  if (wallMs <= allowedMs) {
    return pass(message);
  }
  const doubt = whyNoTime(measured);
  return doubt === undefined ? fail(message) : inconclusive(`${message}; but ${doubt}`);
}
