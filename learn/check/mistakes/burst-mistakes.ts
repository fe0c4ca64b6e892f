import type { Exercise } from "../../../registry/exercises.ts";
import { BlockageTally } from "../../diagnose/blocked-loop.ts";
import type { Diagnosis, DiagnosisName } from "../../diagnose/diagnosis.ts";
import { taskMs } from "../measure/alone.ts";
import { bystanderMs, type Measured } from "../measure/bursts.ts";
import { cpuMsOf, loopCpuMsOf } from "../measure/evidence.ts";
import { describeEvidence, type Held, type Whereabouts } from "../measure/executor.ts";
import {
  computingAtOnce,
  connectedBy,
  isTooLittle,
  leftBy,
  overlapsOf,
  startedBy,
} from "../measure/overlap.ts";
import { round } from "../report.ts";
import {
  bodyNotRead,
  connectionPerCall,
  decidedOtherwise,
  executorPerCall,
  growsWithCalls,
  libuvSaturated,
  loopKeptBusy,
  moreThreadsThanCores,
  poolTooSmall,
  sequential,
  waitsInWorkers,
  workSkipped,
} from "./executors.ts";

/** What a burst was served with. */
export interface Served {
  readonly exercise: Exercise;
  readonly measured: Measured;
  readonly where: Whereabouts;
  /** The strategies that the decision may mean; empty when it names none of the exercise's. */
  readonly decided: readonly string[];
  /** The size of libuv's pool. */
  readonly libuvThreads: number;
}

/** Threads of one's own may be so many times the cores: some libraries start half as many again. */
const mostTimesCores = 2;
/** Of what calls alone take, the least CPU time that an honest way of computing needs. */
const leastCpuShare = 0.15;
/** Less says nothing, in milliseconds. */
const leastIdleBusyMs = 30;
/** Of a time in which nobody calls, the part in which the loop may be busy. */
const mostIdleShare = 0.35;

/** All that is wrong with where a burst ran and how it overlapped, what to mend first first. */
export function burstMistakes(served: Served): readonly Diagnosis[] {
  const { exercise, measured, where, decided } = served;
  const { held, strategy, alsoCalled } = where;
  const evidence = describeEvidence(exercise, measured.best);
  const isDecided =
    decided.length === 0 || [strategy, ...alsoCalled].some((name) => decided.includes(name));
  const disagreement = isDecided ? [] : [decidedOtherwise(decided[0] ?? "", strategy, evidence)];
  const busy = keptBusy(measured);
  if (busy !== undefined) {
    return [busy];
  }
  if (held !== undefined) {
    return [loopBlocked(exercise, held, measured), ...disagreement];
  }
  // A place that is wrong says it all: also why too little overlapped, and that it was not decided.
  if (where.waitsInWorkers) {
    const { calls, mostInProgress } = measured.best.usage.waiting;
    return [waitsInWorkers(calls, mostInProgress, measured.cores)];
  }
  const others = [
    tooManyThreads(served),
    ...growing(measured),
    tooLittleOverlap(served),
    tooLittleWork(served),
  ];
  return [...others.filter((one) => one !== undefined), ...disagreement];
}

function keptBusy({ idle }: Measured): Diagnosis | undefined {
  const stoodMs = idle.observed.blockages.reduce(
    (sum, { ms, starvedMs }) => sum + ms - starvedMs,
    0,
  );
  // While others had its core it could do nothing, neither work nor rest.
  const couldMs = idle.ms - (idle.tree?.loopStarvedMs ?? 0);
  const isBusy =
    Math.max(idle.loopCpuMs, stoodMs) > Math.max(leastIdleBusyMs, couldMs * mostIdleShare);
  return isBusy ? loopKeptBusy(idle.ms, idle.loopCpuMs, stoodMs) : undefined;
}

/** Threads that compute may be more than cores only for those who have decided so. */
function tooManyThreads({ exercise, measured, where, decided }: Served): Diagnosis | undefined {
  const atOnce = computingAtOnce(measured.best) ?? 0;
  const most = where.isOwn ? measured.cores * mostTimesCores : measured.cores;
  const isMeant = decided.includes("threads") && where.strategy === "threads" && !where.isOwn;
  // A process for each call is too much for another reason than that it computes.
  const isProcessEach = startedBy(measured.crowds).some(({ what }) => what === "processes");
  return exercise.work.cpu && atOnce > most && !isMeant && !isProcessEach
    ? moreThreadsThanCores(atOnce, measured.cores)
    : undefined;
}

/** What each call starts, opens, or leaves. */
function growing({ crowds }: Measured): readonly Diagnosis[] {
  const [before, last] = crowds.slice(-2);
  const connected = connectedBy(crowds);
  const left = before === undefined || last === undefined ? [] : leftBy(before, last);
  const unread = last?.observed.unreadBodies ?? 0;
  const isLeft = left.some(({ what }) => what === "connections");
  return [
    ...startedBy(crowds).map(executorPerCall),
    ...left.map((growth) =>
      growth.what === "connections" && unread > 0
        ? bodyNotRead(growth, unread)
        : growsWithCalls(growth),
    ),
    // A connection whose body nobody reads can't be used again: that is why the next call opens another.
    ...(connected === undefined || (unread > 0 && isLeft)
      ? []
      : [unread > 0 ? bodyNotRead(connected, unread) : connectionPerCall(connected)]),
  ];
}

function tooLittleOverlap({
  exercise,
  measured,
  where,
  libuvThreads,
}: Served): Diagnosis | undefined {
  const { best, cores } = measured;
  const [first] = overlapsOf(exercise, best, cores);
  // No more reads go at once than the pool has threads; the disk counts more on a busy machine, as it hears
  // late that a read has ended, when the next has begun.
  const isPoolFull =
    first !== undefined && first.calls > libuvThreads && first.most >= libuvThreads;
  // Threads of one's own read without libuv's pool, and may have done so.
  const isOnlyLibuv = where.strategy === "libuv" && where.alsoCalled.length === 0;
  if (isOnlyLibuv && isPoolFull) {
    return libuvSaturated(first, best.observed.pool, libuvThreads);
  }
  const lacking = overlapsOf(exercise, best, cores).find(isTooLittle);
  if (lacking === undefined) {
    return undefined;
  }
  const { what, most, wanted, calls } = lacking;
  return where.isOwn && most > 1 && what !== "computations"
    ? poolTooSmall(what, most, wanted, calls)
    : sequential(lacking);
}

/** CPU time is used up by whoever computes, in whichever thread or process. */
function tooLittleWork({ exercise, measured }: Served): Diagnosis | undefined {
  const { best, alone } = measured;
  const calls = best.requests.length;
  const leastMs = calls * taskMs(exercise, alone) * leastCpuShare;
  const cpuMs = cpuMsOf(best);
  return best.tree !== undefined && cpuMs < leastMs
    ? workSkipped(cpuMs, leastMs, calls)
    : undefined;
}

/**
 * The event loop stood still while a burst was served: the counts say so and name it; where, and for how
 * long, is what those say who watched the loop.
 */
function loopBlocked(exercise: Exercise, held: Held, measured: Measured): Diagnosis {
  const { observed, loop, usage } = measured.best;
  const loopCpuMs = loopCpuMsOf(measured.best);
  const name = nameOf(held, observed.handler.isAsync);
  const tally = new BlockageTally();
  tally.add(observed.blockages);
  const all = tally.diagnoses();
  const seen = all.find((one) => one.name === name);
  const line = (seen ?? all.find((one) => one.line !== undefined))?.line;
  const lateMs = round(bystanderMs(measured));
  const calls = usage[held].onLoop;
  return {
    name,
    finding: [
      calls > 0
        ? `${calls} ${held === "waiting" ? "blocking calls were made" : "computations ran"} on the event loop, one after another.`
        : "",
      seen?.finding ??
        `The event loop computed for ${round(loopCpuMs)} ms in ${round(measured.best.burst.wallMs)} ms.`,
      `Everybody else who called waited, up to ${lateMs} ms.`,
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
    ...(line === undefined ? {} : { line }),
    nextStep: twinOf(line?.what) ?? nextStep(exercise, held),
    numbers: {
      ...seen?.numbers,
      calls_on_loop: calls,
      loop_cpu_ms: round(loopCpuMs),
      loop_utilization: round(loop.utilization),
      bystander_p90_ms: lateMs,
    },
  };
}

function nameOf(held: Held, isAsync: boolean): DiagnosisName {
  if (held === "waiting") {
    return "loop-blocked-by-waiting";
  }
  return isAsync ? "cpu-behind-a-promise" : "loop-blocked-by-cpu";
}

/** A synchronous function of Node's that has an asynchronous one beside it. */
function twinOf(called: string | undefined): string | undefined {
  const [, name] = /\b([a-z]\w*)Sync\b/.exec(called ?? "") ?? [];
  return name === undefined
    ? undefined
    : `Await its asynchronous twin, ${name} (node:fs/promises, or promisify), for which another thread or process waits or computes.`;
}

/** The places here have names, which elsewhere they have not. */
function nextStep({ strategies }: Exercise, held: Held): string {
  if (held === "computing") {
    return "Export what computes as a function, and run it in one of the pools: only another core helps, neither a promise nor a later turn.";
  }
  return strategies.some(({ name }) => name === "async")
    ? "Await the client that does not block; or, if it has to be this one, run it in the pool for calls that wait."
    : "Export what blocks as a function, and run it in the pool for calls that wait.";
}
