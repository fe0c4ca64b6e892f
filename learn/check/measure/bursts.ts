import { availableParallelism } from "node:os";
import { setTimeout } from "node:timers/promises";
import { planOf } from "@unblock/exercises/check-plan";
import type { Exercise } from "@unblock/proto/exercises";
import { burstDeadlineMs } from "../faults.ts";
import type { Session } from "../session.ts";
import { allowedMs, measureAlone, measureIdle, taskMs } from "./baseline.ts";
import { cpuMsOf, type Evidence, gather, hasFailed, readSeen, workOf } from "./evidence.ts";
import { whereItRan } from "./executor.ts";
import { leftBy } from "./growth.ts";
import { allowedProbeMs, fastestWallMs, type Measured, percentile90, probeMs } from "./measured.ts";
import { isTooLittle, overlapsOf } from "./overlap.ts";
import { readLoadMs } from "./system.ts";

/** Bursts at most, while too few calls overlap: they may have missed each other. */
const maxBursts = 5;
/** Bursts at most, while they take too long; in threads more, which load the file on first use. */
const maxForTime = 3;
/** Two bursts that overlap no more than this share of what they should have shown that they do not. */
const clearlyTooLittle = 0.5;
/** What the first crowd leaves behind, the second meets. */
const crowdCount = 2;
const probeAloneMs = 150;
/** Minimum time over which the load by others is measured when a burst takes too long. */
const loadMs = 500;
/** Time that what is no longer needed may take to end. */
const endsMs = 600;

/** Measures one call's work alone, then fires bursts at the learner's handler until one is as it should be. */
export async function runBursts(session: Session): Promise<Measured> {
  const { exercise, service, callers, analytics } = session;
  const { burst: planned, crowd } = planOf(exercise);
  const cores = availableParallelism();
  const idle = await measureIdle(session);
  const alone = await measureAlone(session, planned, cores);
  const idleProbeMs = percentile90(await callers.probe(setTimeout(probeAloneMs)));
  const beganMs = performance.now();
  const loadBeforeMs = readLoadMs();
  const ownBefore = process.cpuUsage();
  let made = 0;
  const fire = async (calls: number): Promise<Evidence> => {
    const requests = Array.from({ length: calls }, () => planned(++made, alone.rounds));
    const gathered = gather(session, requests, () => burstDeadlineMs);
    if (analytics === undefined) {
      return gathered;
    }
    analytics.replied = gathered.catch(() => {});
    const evidence = await gathered;
    // The events that follow the replies are part of the work.
    await analytics.untilReceived(calls);
    await analytics.untilQuiet();
    const { seen, left } = await readSeen(session);
    return { ...evidence, seen, left };
  };

  const bursts: Evidence[] = [];
  const crowds: Evidence[] = [];
  const limitMs = allowedMs(exercise, cores, alone);
  const measured = (busyCores = 0): Measured => {
    const best = maxOverlapping(exercise, bursts, cores);
    return {
      exercise,
      bursts,
      crowds,
      idle,
      best,
      where: whereItRan(exercise, best, taskMs(exercise, alone)),
      alone,
      allowedMs: limitMs,
      idleProbeMs,
      busyCores,
      cores,
      libuvThreads: service.libuvThreads,
    };
  };
  do {
    bursts.push(await fire(exercise.burst.calls));
  } while (bursts.length < maxBursts && isWorthAnother(measured()));
  const fired = crowd === undefined ? bursts : crowds;
  while (fired.length < crowdCount && !fired.some(hasFailed)) {
    fired.push(await fire(crowd ?? exercise.burst.calls));
  }
  if (fired === bursts) {
    crowds.push(...bursts);
  }
  await giveTimeToEnd(session, crowds);

  if (isTooLong(measured())) {
    await setTimeout(Math.max(0, beganMs + loadMs - performance.now()));
  }
  const { user, system } = process.cpuUsage(ownBefore);
  const all = [...new Set([...bursts, ...crowds])];
  const ownMs = (user + system) / 1_000 + all.reduce((sum, one) => sum + cpuMsOf(one), 0);
  const ofOthersMs = readLoadMs() - loadBeforeMs - ownMs;
  return measured(Math.max(0, ofOthersMs) / (performance.now() - beganMs));
}

/** Reads again what the last crowd left behind, as it may be about to end. */
async function giveTimeToEnd(session: Session, crowds: Evidence[]): Promise<void> {
  const [before, last] = crowds.slice(-2);
  if (before !== undefined && last !== undefined && leftBy(before, last).length > 0) {
    await setTimeout(endsMs);
    crowds[crowds.length - 1] = { ...last, left: (await readSeen(session)).left };
  }
}

function maxOverlapping(exercise: Exercise, bursts: readonly Evidence[], cores: number): Evidence {
  const most = (one: Evidence) => overlapsOf(exercise, one, cores)[0]?.most ?? 0;
  return bursts.reduce((best, one) => (most(one) >= most(best) ? one : best));
}

/** Whether another burst could change the verdict. */
function isWorthAnother(measured: Measured): boolean {
  const { exercise, bursts, best, where, cores } = measured;
  if (where.held !== undefined || bursts.some(hasFailed)) {
    return false;
  }
  const lacking = overlapsOf(exercise, best, cores).filter(isTooLittle);
  if (lacking.length === 0) {
    const isInThreads = workOf(best, "blocking-pool").completed > 0;
    return (isInThreads || bursts.length < maxForTime) && isTooLong(measured);
  }
  const isClear = lacking.some(({ most, wanted }) => most <= wanted * clearlyTooLittle);
  return bursts.length === 1 || !isClear;
}

/** Whether every burst took too long, or delayed the probe. */
function isTooLong(measured: Measured): boolean {
  return (
    fastestWallMs(measured) > measured.allowedMs || probeMs(measured) > allowedProbeMs(measured)
  );
}
