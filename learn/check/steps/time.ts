import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import { describeAlone } from "../measure/alone.ts";
import { fastestWallMs, type Measured } from "../measure/measured.ts";
import { fullCpuMs, whyNoTime } from "../measure/trust.ts";
import { slowerThanItsWork } from "../mistakes/slower-than-its-work.ts";
import { round } from "../numbers.ts";
import { fail, inconclusive, type Outcome, pass } from "./outcome.ts";

/** So many times what is right, and nobody can say that it was chance. */
const clearlyTooLong = 1.25;

/**
 * Did a burst take no longer than this machine needs for it?
 *
 * @param mistakes what is wrong with it anyway, and is then why
 */
export function checkTime(measured: Measured, mistakes: readonly Diagnosis[]): Outcome {
  const { alone, allowedMs, bursts } = measured;
  const wallMs = fastestWallMs(measured);
  const message = `${round(wallMs)} ms, best of ${bursts.length}; one call's work takes ${describeAlone(alone)} here, so up to ${round(allowedMs)} ms are right`;
  if (wallMs <= allowedMs) {
    return pass(message);
  }
  const cpuMs = mistakes.length === 0 ? fullCpuMs(measured) : undefined;
  if (cpuMs !== undefined) {
    return pass(
      `${message}; but all cores that others left worked on it, for ${round(cpuMs)} ms of CPU in all`,
    );
  }
  // Another mistake may be why; the time by itself has to be too long beyond doubt.
  const isClose = mistakes.length === 0 && wallMs <= allowedMs * clearlyTooLong;
  const doubt = isClose ? "that is too close to tell" : whyNoTime(measured);
  if (doubt !== undefined) {
    return inconclusive(`${message}; but ${doubt}`);
  }
  return mistakes.length > 0 ? fail(message) : fail(message, slowerThanItsWork(measured));
}
