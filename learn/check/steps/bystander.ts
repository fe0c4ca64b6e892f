import { allowedBystanderMs, bystanderMs, type Measured } from "../measure/measured.ts";
import { wasLoopFree, whyNoTime } from "../measure/trust.ts";
import { round } from "../numbers.ts";
import type { Whereabouts } from "../place/where-it-ran.ts";
import { fail, inconclusive, type Outcome, pass } from "./outcome.ts";

/** So many times what goes unnoticed, and nobody can say that it was chance. */
const clearlyTooLate = 1.5;

/** Did others who call the service meanwhile get their answers as ever? */
export function checkBystander(measured: Measured, { held }: Whereabouts): Outcome {
  const lateMs = bystanderMs(measured);
  const allowedMs = allowedBystanderMs(measured);
  const message = `Ping, every 5 ms: 90 % within ${round(lateMs)} ms, ${round(measured.idleBystanderMs)} ms when nothing else goes on`;
  if (lateMs <= allowedMs) {
    return pass(message);
  }
  // A loop that was held is why, however busy the machine is.
  const busy = held === undefined ? whyNoTime(measured) : undefined;
  if (held === undefined && wasLoopFree(measured)) {
    return busy === undefined
      ? inconclusive(`${message}; but the event loop was free for them, and had no core`)
      : pass(`${message}; the event loop was free for them, but ${busy}`);
  }
  const isClose = held === undefined && lateMs <= allowedMs * clearlyTooLate;
  const doubt = isClose ? "that is too close to tell" : busy;
  return doubt === undefined
    ? fail(`${message}; up to ${round(allowedMs)} ms go unnoticed`)
    : inconclusive(`${message}; but ${doubt}`);
}
