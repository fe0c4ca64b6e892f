import { availableParallelism } from "node:os";
import { setTimeout } from "node:timers/promises";
import type { Exercise } from "../../../registry/exercises.ts";
import { isTooLittle, overlapsOf } from "../place/overlap.ts";
import { whereItRan } from "../place/where-it-ran.ts";
import { planOf } from "../plan.ts";
import type { Session } from "../session.ts";
import { allowedMs } from "./allowed.ts";
import { fastestMs, measureAlone, taskMs } from "./alone.ts";
import { type Evidence, gather, workOf } from "./evidence.ts";
import { coresOfOthers, readLoad } from "./machine-load.ts";
import {
  allowedBystanderMs,
  bystanderMs,
  fastestWallMs,
  type Measured,
  percentile90,
} from "./measured.ts";

/** A burst is fired again, so often at most, while its calls overlap too little: they may not have met. */
const mostBursts = 5;
/** And so often while it takes too long; in threads more often, as each loads the file on first use. */
const mostForTime = 3;
/** One that overlaps no more than half as much as it should, twice, has shown that it does not. */
const clearlyTooLittle = 0.5;
/** The bystander calls alone for this long, in milliseconds. */
const idleMs = 150;
/** The machine is looked at for at least this long when a time is too long, in milliseconds. */
const lookMs = 500;

/** Measures one call's work alone, then fires bursts at the learner's handler until one is as it should be. */
export async function runBursts(session: Session): Promise<Measured> {
  const { exercise, service, callers } = session;
  const { burst: planned } = planOf(exercise);
  const cores = availableParallelism();
  const alone = await measureAlone(session, planned(1, 0), cores);
  const idleBystanderMs = percentile90(await callers.bystand(setTimeout(idleMs)));
  const before = readLoad();
  const ownBefore = process.cpuUsage();
  const requests = Array.from({ length: exercise.burst.calls }, (_, index) =>
    planned(index + 1, alone.rounds),
  );

  const bursts: Evidence[] = [];
  const measured = () => summary(exercise, bursts, { alone, idleBystanderMs, cores, busyCores: 0 });
  do {
    bursts.push(await gather(service, callers, requests, 0));
  } while (bursts.length < mostBursts && isWorthAnother(exercise, measured()));

  if (isTooLong(measured())) {
    await setTimeout(Math.max(0, before.atMs + lookMs - performance.now()));
  }
  const { user, system } = process.cpuUsage(ownBefore);
  const ownMs = (user + system) / 1_000 + bursts.reduce((sum, one) => sum + cpuOf(one), 0);
  return { ...measured(), busyCores: coresOfOthers(before, readLoad(), ownMs) };
}

function summary(
  exercise: Exercise,
  bursts: readonly Evidence[],
  rest: Pick<Measured, "alone" | "idleBystanderMs" | "cores" | "busyCores">,
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
  if (held !== undefined) {
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

function cpuOf({ observed, places }: Evidence): number {
  return observed.processCpuMs + (places.get("processes")?.cpuMs ?? 0);
}
