import { availableParallelism } from "node:os";
import { setTimeout } from "node:timers/promises";
import type { Exercise } from "../../../registry/exercises.ts";
import type { Observation } from "../../service/observation.ts";
import { burstDeadlineMs } from "../faults.ts";
import { planOf } from "../plan.ts";
import type { Session } from "../session.ts";
import { type AloneReading, allowedMs, fastestMs, measureAlone, taskMs } from "./alone.ts";
import { cpuMsOf, type Evidence, gather, readSeen, workOf } from "./evidence.ts";
import { whereItRan } from "./executor.ts";
import { isTooLittle, leftBy, overlapsOf } from "./overlap.ts";
import { coresOfOthers, readLoad, type TreeUse } from "./system.ts";

/** A span of time in which nobody called. */
export interface IdleReading {
  readonly ms: number;
  /** CPU time of the event loop's thread. */
  readonly loopCpuMs: number;
  /** What the operating system saw; undefined where it does not tell. */
  readonly tree: TreeUse | undefined;
  readonly observed: Observation;
}

/** What a learner's handler was measured with, and what came of it. */
export interface Measured {
  /** In the order in which they were fired. */
  readonly bursts: readonly Evidence[];
  /**
   * Calls at once, twice: to see whether they disturb each other, and what is left of them. The same bursts,
   * where a burst has several calls.
   */
  readonly crowds: readonly Evidence[];
  /** What the service did when nobody called. */
  readonly idle: IdleReading;
  /** The one whose calls overlapped most. */
  readonly best: Evidence;
  readonly alone: AloneReading;
  readonly allowedMs: number;
  /** The bystander's latency when nothing else goes on (90 % are no later), in milliseconds. */
  readonly idleBystanderMs: number;
  /** How many cores others kept busy all the while. */
  readonly busyCores: number;
  readonly cores: number;
}

/** The least wall time of all bursts, in milliseconds. */
export function fastestWallMs({ bursts }: Measured): number {
  return Math.min(...bursts.map(({ burst }) => burst.wallMs));
}

/** What 90 % of the bystander's calls were no later than, in the burst that it suffered least in, in ms. */
export function bystanderMs({ bursts }: Measured): number {
  return Math.min(...bursts.map(({ burst }) => percentile90(burst.bystanderMs)));
}

function percentile90(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.9) - 1] ?? 0;
}

/** A bystander that is no later has not suffered, in milliseconds. */
const unnoticedMs = 30;
/** Nor one that is late on this machine anyway. */
const idleTimes = 10;

/** Nor one that a burst's calls are before: to decode and answer each takes the loop so long, in ms. */
const servedMs = 0.5;

/** How late the bystander may be, in milliseconds. */
export function allowedBystanderMs({ best, idleBystanderMs }: Measured): number {
  return Math.max(unnoticedMs, idleTimes * idleBystanderMs, servedMs * best.burst.calls.length);
}

/** A burst is fired again, so often at most, while its calls overlap too little: they may not have met. */
const mostBursts = 5;
/** And so often while it takes too long; in threads more often, as each loads the file on first use. */
const mostForTime = 3;
/** One that overlaps no more than half as much as it should, twice, has shown that it does not. */
const clearlyTooLittle = 0.5;
/** Calls at once are looked at so often: what the first leaves behind, the second meets. */
const crowdsOfEach = 2;
/** The service is looked at for so long with nobody calling, in milliseconds. */
const restMs = 250;
/** The bystander calls alone for this long, in milliseconds. */
const idleMs = 150;
/** The machine is looked at for at least this long when a time is too long, in milliseconds. */
const lookMs = 500;
/** What is no longer needed may take so long to be gone, in milliseconds. */
const endsMs = 600;

/** Measures one call's work alone, then fires bursts at the learner's handler until one is as it should be. */
export async function runBursts(session: Session): Promise<Measured> {
  const { exercise, callers } = session;
  const { burst: planned, crowd } = planOf(exercise);
  const cores = availableParallelism();
  const idle = await lookAtRest(session);
  const alone = await measureAlone(session, planned, cores);
  const idleBystanderMs = percentile90(await callers.bystand(setTimeout(idleMs)));
  const before = readLoad();
  const ownBefore = process.cpuUsage();
  let made = 0;
  const fire = async (calls: number): Promise<Evidence> => {
    const requests = Array.from({ length: calls }, () => planned(++made, alone.rounds));
    const evidence = await gather(session, requests, () => burstDeadlineMs);
    if (session.analytics === undefined) {
      return evidence;
    }
    // What comes after the replies is a part of the work.
    await session.analytics.untilReceived(calls);
    await session.analytics.rest();
    return { ...evidence, ...(await readSeen(session)) };
  };

  const bursts: Evidence[] = [];
  const crowds: Evidence[] = [];
  const rest = { alone, idleBystanderMs, idle, cores, crowds, busyCores: 0 };
  const measured = () => summary(exercise, bursts, rest);
  do {
    bursts.push(await fire(exercise.burst.calls));
  } while (bursts.length < mostBursts && isWorthAnother(exercise, measured()));
  if (crowd === undefined) {
    while (bursts.length < crowdsOfEach && !haveFailed(bursts)) {
      bursts.push(await fire(exercise.burst.calls));
    }
    crowds.push(...bursts);
  } else {
    for (let n = 0; n < crowdsOfEach && !haveFailed(crowds); n++) {
      crowds.push(await fire(crowd));
    }
  }

  await giveTimeToEnd(session, crowds);

  if (isTooLong(measured())) {
    await setTimeout(Math.max(0, before.atMs + lookMs - performance.now()));
  }
  const { user, system } = process.cpuUsage(ownBefore);
  const fired = new Set([...bursts, ...crowds]);
  const ownMs = (user + system) / 1_000 + [...fired].reduce((sum, one) => sum + cpuMsOf(one), 0);
  return { ...measured(), busyCores: coresOfOthers(before, readLoad(), ownMs) };
}

/** Nobody calls: what the event loop does then is no call's. */
async function lookAtRest({ service, tree }: Session): Promise<IdleReading> {
  await service.begin();
  const end = tree.begin();
  const beganMs = performance.now();
  await setTimeout(restMs);
  const ms = performance.now() - beganMs;
  const used = end();
  const observed = await service.observe();
  return { ms, loopCpuMs: used?.loopCpuMs ?? observed.loopCpuMs, tree: used, observed };
}

/** What the last calls at once left may be just about to end. */
async function giveTimeToEnd(session: Session, crowds: Evidence[]): Promise<void> {
  const last = crowds.at(-1);
  const before = crowds.at(-2);
  if (last === undefined || before === undefined || leftBy(before, last).length === 0) {
    return;
  }
  await setTimeout(endsMs);
  crowds[crowds.length - 1] = { ...last, left: (await readSeen(session)).left };
}

function haveFailed(evidence: readonly Evidence[]): boolean {
  return evidence.some(({ replies }) => replies.some(({ code }) => code !== "ok"));
}

function summary(
  exercise: Exercise,
  bursts: readonly Evidence[],
  rest: Omit<Measured, "bursts" | "best" | "allowedMs">,
): Measured {
  const most = (one: Evidence) => overlapsOf(exercise, one, rest.cores)[0]?.most ?? 0;
  const best = bursts.toSorted((a, b) => most(a) - most(b)).at(-1);
  if (best === undefined) {
    throw new Error("Expected at least one burst");
  }
  return {
    ...rest,
    bursts,
    best,
    allowedMs: allowedMs(exercise, rest.cores, rest.alone),
  };
}

/** Whether another burst could change what is said of the handler. */
function isWorthAnother(exercise: Exercise, measured: Measured): boolean {
  const { alone, bursts, best, cores } = measured;
  const { held } = whereItRan(exercise, best, fastestMs(alone), taskMs(exercise, alone));
  if (held !== undefined || haveFailed(bursts)) {
    return false;
  }
  const lacking = overlapsOf(exercise, best, cores).filter(isTooLittle);
  const isClear = lacking.some(({ most, wanted }) => most <= wanted * clearlyTooLittle);
  if (lacking.length === 0) {
    const isInThreads = workOf(best, "threads").completed > 0;
    return (isInThreads || bursts.length < mostForTime) && isTooLong(measured);
  }
  return bursts.length === 1 || !isClear;
}

/** Whether every burst took too long, or made the bystander wait. */
function isTooLong(measured: Measured): boolean {
  return (
    fastestWallMs(measured) > measured.allowedMs ||
    bystanderMs(measured) > allowedBystanderMs(measured)
  );
}
