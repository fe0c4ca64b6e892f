import { mostBusyCores } from "../../../machine/quiet.ts";
import { round } from "../report.ts";
import { fastestMs } from "./alone.ts";
import type { Measured } from "./bursts.ts";
import { cpuMsOf, loopCpuMsOf } from "./evidence.ts";

/** Of the CPU time that others left, the part that calls use which compute on all cores; as much as time allows. */
const fullShare = 0.6;
/** Others can't be measured so exactly that less may be said to be left, in cores. */
const leastLeftCores = 0.25;
/** So many times the CPU time of the toolbox's work is another way to compute it, and more is waste. */
const mostTimesWork = 4;
/** A loop that computes for less of the time holds nobody up. */
const mostLoopShare = 0.3;

/** The slowest of the runs alone may take so many times what the fastest takes. */
const mostScatter = 1.5;

/**
 * Why times that were measured tell nothing about the learner's code.
 *
 * @returns undefined when they do
 */
export function whyNoTime({ alone, busyCores, cores }: Measured): string | undefined {
  if (busyCores > mostBusyCores) {
    return `others kept ${round(busyCores)} of ${cores} cores busy meanwhile, on this machine or on its host`;
  }
  const fastest = Math.min(...alone.runsMs);
  const slowest = Math.max(...alone.runsMs);
  return slowest > fastest * mostScatter
    ? `one call's work alone took from ${round(fastest)} to ${round(slowest)} ms on this machine, which is too uneven to compare with`
    : undefined;
}

/**
 * Whether calls that compute used all the CPU time that others left: then they took as long as they had to.
 *
 * @returns the CPU time of a burst that did, in milliseconds; undefined when none did
 */
export function fullCpuMs({ bursts, busyCores, cores, alone }: Measured): number | undefined {
  if (alone.atOnceMs.length === 0) {
    return undefined;
  }
  const leftCores = Math.max(cores - busyCores, leastLeftCores);
  return bursts
    .filter(({ replies }) => replies.every(({ code }) => code === "ok"))
    .map((evidence) => ({ cpuMs: cpuMsOf(evidence), evidence }))
    .find(
      ({ cpuMs, evidence: { burst, requests } }) =>
        cpuMs >= fullShare * leftCores * burst.wallMs &&
        cpuMs <= mostTimesWork * requests.length * fastestMs(alone),
    )?.cpuMs;
}

/** Whether the event loop had time for everybody while a burst was served: who was late had no core. */
export function wasLoopFree({ best }: Measured): boolean {
  return loopCpuMsOf(best) <= best.burst.wallMs * mostLoopShare;
}
