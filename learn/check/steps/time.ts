import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import { maxBusyCores } from "@unblock/measure/disturbance";
import { describeAlone, fastestMs, wasStarved } from "../measure/baseline.ts";
import { cpuMsOf, hasFailed, loopCpuMsOf } from "../measure/evidence.ts";
import { allowedProbeMs, fastestWallMs, type Measured, probeMs } from "../measure/measured.ts";
import type { TreeUse } from "../measure/system.ts";
import { fail, inconclusive, type Outcome, pass, round } from "../result.ts";

/** A burst that takes this multiple of the allowed time is slow beyond chance. */
const clearlyTooLong = 1.25;
/** A probe that takes this multiple of the allowed time is late beyond chance. */
const clearlyTooLate = 1.5;
/** Share of the CPU time left by others that a burst on all cores uses. */
const fullShare = 0.6;
/** Cores that are left at least, as the load of others is not known more exactly. */
const minLeftCores = 0.25;
/** CPU time, in multiples of the work's, that another way to compute may cost; more is waste. */
export const maxTimesWork = 4;
/** CPU share of a loop that delays nobody. */
const maxLoopShare = 0.3;
/** Share of a burst's time in which a service that waits for nothing may be active. */
const maxHungShare = 0.5;
/** Slowest of the runs alone, in multiples of the fastest. */
const maxScatter = 1.5;

/**
 * Did a burst take no longer than this machine needs for it?
 *
 * @param mistakes other mistakes of the burst, which explain a long time
 */
export function checkTime(measured: Measured, mistakes: readonly Diagnosis[]): Outcome {
  const { alone, allowedMs, bursts } = measured;
  const wallMs = fastestWallMs(measured);
  const message = `${round(wallMs)} ms, best of ${bursts.length}; one call's work takes ${describeAlone(alone)} here, so up to ${round(allowedMs)} ms are right`;
  if (wallMs <= allowedMs) {
    return pass(message);
  }
  if (mistakes.length > 0) {
    const doubt = whyNoTime(measured);
    return doubt === undefined ? fail(message) : inconclusive(`${message}; but ${doubt}`);
  }
  const cpuMs = fullCpuMs(measured);
  if (cpuMs !== undefined) {
    return pass(
      `${message}; but all cores that others left worked on it, for ${round(cpuMs)} ms of CPU in all`,
    );
  }
  // Without another mistake the time has to be too long beyond doubt.
  const isClose = wallMs <= allowedMs * clearlyTooLong;
  const doubt = isClose ? "that is too close to tell" : whyNoTime(measured);
  return doubt === undefined
    ? fail(message, slowerThanItsWork(measured))
    : inconclusive(`${message}; but ${doubt}`);
}

/** Only the time of a burst is wrong, not where it ran nor how it overlapped. */
export function slowerThanItsWork(measured: Measured): Diagnosis {
  const { alone, bursts, best } = measured;
  const wallMs = round(fastestWallMs(measured));
  const allowedMs = round(measured.allowedMs);
  return {
    name: "slower-than-its-work",
    finding: `${best.burst.calls.length} calls at once took ${wallMs} ms, the best of ${bursts.length} bursts; expected at most ${allowedMs} ms here, as the work of one takes ${describeAlone(alone)}. They overlapped in the right place, so each does or awaits something besides its work.`,
    nextStep:
      "Time the parts of one call: look for a needless wait, work that is done twice, something that is opened again for each call.",
    numbers: {
      wall_ms: wallMs,
      allowed_ms: allowedMs,
      alone_ms: round(fastestMs(alone)),
      bursts: bursts.length,
    },
  };
}

/** Did other callers of the service get their responses in time meanwhile? */
export function checkProbe(measured: Measured): Outcome {
  const lateMs = probeMs(measured);
  const allowedMs = allowedProbeMs(measured);
  const message = `Ping, every 5 ms: 90 % within ${round(lateMs)} ms, ${round(measured.idleProbeMs)} ms when nothing else runs`;
  if (lateMs <= allowedMs) {
    return pass(message);
  }
  const late = `${message}; up to ${round(allowedMs)} ms go unnoticed`;
  if (measured.where.held !== undefined) {
    // However busy the machine is, the held loop is the reason.
    return fail(late);
  }
  const busy = whyNoTime(measured);
  if (wasLoopFree(measured)) {
    return busy === undefined
      ? inconclusive(`${message}; but the event loop was free for them, and had no core`)
      : pass(`${message}; the event loop was free for them, but ${busy}`);
  }
  const doubt = lateMs <= allowedMs * clearlyTooLate ? "that is too close to tell" : busy;
  return doubt === undefined ? fail(late) : inconclusive(`${message}; but ${doubt}`);
}

/** Why the measured times say nothing about the learner's code; undefined when they do. */
export function whyNoTime({ alone, busyCores, cores }: Measured): string | undefined {
  if (busyCores > maxBusyCores) {
    return `others kept ${round(busyCores)} of ${cores} cores busy meanwhile, on this machine or on its host`;
  }
  const fastest = fastestMs(alone);
  const slowest = Math.max(...alone.runsMs);
  return slowest > fastest * maxScatter
    ? `one call's work alone took from ${round(fastest)} to ${round(slowest)} ms on this machine, which is too uneven to compare with`
    : undefined;
}

/** Passes a burst in which no mistake was seen, if a loop that is always busy would have been seen. */
export function passIfSeen(
  { idle }: Measured,
  message: string,
  details?: readonly string[],
): Outcome {
  return wasStarved(idle)
    ? inconclusive(
        `${message}; but without any call the event loop waited for a core for ${round(idle.tree?.loopStarvedMs ?? 0)} of ${round(idle.ms)} ms, so what it does then can't be seen`,
      )
    : pass(message, details);
}

/**
 * CPU time of a burst that used all the CPU time left by others, and so could not be faster; undefined
 * when no burst did, or the exercise does not compute.
 */
function fullCpuMs({ bursts, busyCores, cores, alone }: Measured): number | undefined {
  if (alone.atOnceMs.length === 0) {
    return undefined;
  }
  const leftCores = Math.max(cores - busyCores, minLeftCores);
  return bursts
    .filter((one) => !hasFailed(one))
    .map((evidence) => ({ cpuMs: cpuMsOf(evidence), evidence }))
    .find(
      ({ cpuMs, evidence: { burst, requests } }) =>
        cpuMs >= fullShare * leftCores * burst.wallMs &&
        cpuMs <= maxTimesWork * requests.length * alone.cpuMs,
    )?.cpuMs;
}

/**
 * Whether a burst's calls failed while the service had nothing to do and wanted no core: no load by others
 * explains that.
 */
export function haveHung({ bursts, crowds }: Measured): boolean {
  return [...bursts, ...crowds].some((one) => {
    const maxMs = one.burst.wallMs * maxHungShare;
    return hasFailed(one) && one.tree !== undefined && activeMs(one.tree) < maxMs;
  });
}

function activeMs(use: TreeUse): number {
  return (
    use.loopCpuMs + use.loopStarvedMs + use.threadsCpuMs + use.threadsStarvedMs + use.childrenCpuMs
  );
}

/** Whether the event loop had time for everybody during a burst: a late probe then had no core. */
function wasLoopFree({ best }: Measured): boolean {
  // Without a core it could neither work nor idle.
  const couldMs = best.burst.wallMs - (best.tree?.loopStarvedMs ?? 0);
  return loopCpuMsOf(best) <= couldMs * maxLoopShare;
}
