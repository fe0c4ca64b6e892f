import { maxBusyCores } from "@unblock/measure/quiet";
import { round } from "../report.ts";
import { fastestMs } from "./alone.ts";
import type { Measured } from "./bursts.ts";
import { cpuMsOf, loopCpuMsOf } from "./evidence.ts";

/** Share of the CPU time left by others that a burst on all cores uses. */
const fullShare = 0.6;
/** Cores that are left at least, as the load of others is not known more exactly. */
const minLeftCores = 0.25;
/** CPU time, in multiples of the work's, that another way to compute may cost; more is waste. */
export const maxTimesWork = 4;
/** CPU share of a loop that delays nobody. */
const maxLoopShare = 0.3;
/** Slowest of the runs alone, in multiples of the fastest. */
const maxScatter = 1.5;

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

/**
 * CPU time of a burst that used all the CPU time left by others, and so could not be faster; undefined
 * when no burst did, or the exercise does not compute.
 */
export function fullCpuMs({ bursts, busyCores, cores, alone }: Measured): number | undefined {
  if (alone.atOnceMs.length === 0) {
    return undefined;
  }
  const leftCores = Math.max(cores - busyCores, minLeftCores);
  return bursts
    .filter(({ replies }) => replies.every(({ code }) => code === "ok"))
    .map((evidence) => ({ cpuMs: cpuMsOf(evidence), evidence }))
    .find(
      ({ cpuMs, evidence: { burst, requests } }) =>
        cpuMs >= fullShare * leftCores * burst.wallMs &&
        cpuMs <= maxTimesWork * requests.length * fastestMs(alone),
    )?.cpuMs;
}

/** Whether the event loop had time for everybody during a burst: a late probe then had no core. */
export function wasLoopFree({ best }: Measured): boolean {
  return loopCpuMsOf(best) <= best.burst.wallMs * maxLoopShare;
}
