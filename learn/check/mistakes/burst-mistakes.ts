import { BlockageTally } from "@unblock/diagnose/blocked-loop";
import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import type { Exercise } from "@unblock/proto/exercises";
import { besideLoopMs, isBusy, isLoopBusy, stoodMs, taskMs } from "../measure/baseline.ts";
import { type Measured, probeMs } from "../measure/bursts.ts";
import { cpuMsOf, loopCpuMsOf } from "../measure/evidence.ts";
import { evidenceParts, type Held } from "../measure/executor.ts";
import {
  allOverlaps,
  computingAtOnce,
  connectedBy,
  isTooLittle,
  leftBy,
  startedBy,
} from "../measure/overlap.ts";
import { round } from "../result.ts";
import {
  bodyNotRead,
  computedAgain,
  connectionPerCall,
  decidedOtherwise,
  executorPerCall,
  leftByCalls,
  libuvSaturated,
  loopKeptBusy,
  moreThreadsThanCores,
  poolTooSmall,
  sequential,
  threadsKeptBusy,
  waitsInWorkers,
  workSkipped,
} from "./executors.ts";

/** The learner's own threads in multiples of the cores; some libraries start half as many again. */
const maxTimesCores = 2;
/** Share of the CPU time of calls alone that an honest way of computing needs at least. */
const minCpuShare = 0.15;
/** Computations of the toolbox per call that are no exception. */
const tooOften = 1.5;

/**
 * Returns all that is wrong with where a burst ran and how it overlapped, the first to fix first.
 *
 * @param decided strategies that the decision may mean; empty when it names none of the exercise's
 */
export function burstMistakes(
  measured: Measured,
  decided: readonly string[],
): readonly Diagnosis[] {
  const { exercise, best, cores, where } = measured;
  const { held, strategy, alsoCalled } = where;
  const isDecided =
    decided.length === 0 || [strategy, ...alsoCalled].some((name) => decided.includes(name));
  const evidence = evidenceParts(exercise, best).join(", ");
  const disagreement = isDecided ? [] : [decidedOtherwise(decided[0] ?? "", strategy, evidence)];
  const busy = keptBusy(measured);
  if (busy !== undefined) {
    return [busy];
  }
  if (held !== undefined) {
    const blocked = loopBlocked(held, measured);
    // The loop also stands still while a process is started: then that is the first to fix. Processes that the
    // loop waits for are not observed.
    const { observed, usage } = best;
    const causes =
      held === "waiting" && usage.waiting.onLoop === 0 && observed.newProcesses > 0
        ? startedBy(measured.crowds)
            .filter(({ what }) => what === "processes")
            .map(executorPerCall)
        : [];
    return [...causes, blocked, ...disagreement];
  }
  // This also explains too little overlap, and a decision for something else.
  if (where.waitsInWorkers) {
    const { calls, maxInProgress } = best.usage.waiting;
    return [waitsInWorkers(calls, maxInProgress, cores)];
  }
  const others = [
    tooManyThreads(measured, decided),
    ...growing(measured),
    tooLittleOverlap(measured),
    tooLittleWork(measured),
    tooMuchWork(measured),
  ];
  return [...others.filter((one) => one !== undefined), ...disagreement];
}

function keptBusy({ idle }: Measured): Diagnosis | undefined {
  if (!isBusy(idle)) {
    return undefined;
  }
  return isLoopBusy(idle)
    ? loopKeptBusy(idle.ms, idle.loopCpuMs, stoodMs(idle))
    : threadsKeptBusy(idle.ms, besideLoopMs(idle));
}

/** More computing threads than cores are right only for those who have decided for threads. */
function tooManyThreads(
  { exercise, best, crowds, cores, where }: Measured,
  decided: readonly string[],
): Diagnosis | undefined {
  const atOnce = computingAtOnce(best) ?? 0;
  const max = where.isOwn ? cores * maxTimesCores : cores;
  const isMeant =
    decided.includes("blocking-pool") && where.strategy === "blocking-pool" && !where.isOwn;
  // One process per call has its own diagnosis.
  const isProcessEach = startedBy(crowds).some(({ what }) => what === "processes");
  return exercise.work.cpu && atOnce > max && !isMeant && !isProcessEach
    ? moreThreadsThanCores(atOnce, cores)
    : undefined;
}

/** What each call starts, opens, or leaves behind. */
function growing({ crowds }: Measured): readonly Diagnosis[] {
  const [before, last] = crowds.slice(-2);
  if (before === undefined || last === undefined) {
    return [];
  }
  const { unreadBodies } = last.observed;
  const left = leftBy(before, last);
  const connected = connectedBy(crowds);
  const leavesUnread = (what: string) => unreadBodies > 0 && what === "connections";
  // A connection whose response is not read can't be reused: that is why the next call opens another.
  const isExplained = left.some(({ what }) => leavesUnread(what));
  return [
    ...startedBy(crowds).map(executorPerCall),
    ...left.map((one) =>
      leavesUnread(one.what) ? bodyNotRead(one, unreadBodies) : leftByCalls(one),
    ),
    ...(connected === undefined || isExplained
      ? []
      : [unreadBodies > 0 ? bodyNotRead(connected, unreadBodies) : connectionPerCall(connected)]),
  ];
}

function tooLittleOverlap(measured: Measured): Diagnosis | undefined {
  const { best, where, libuvThreads } = measured;
  const overlaps = allOverlaps(measured);
  const [first] = overlaps;
  // No more reads run at once than the pool has threads; on a busy machine the disk counts more, as it
  // notices late that a read has ended.
  const isPoolFull =
    first !== undefined && first.calls > libuvThreads && first.most >= libuvThreads;
  // The learner's own threads read without libuv's pool.
  const isOnlyLibuv = where.strategy === "libuv" && where.alsoCalled.length === 0;
  if (isOnlyLibuv && isPoolFull) {
    return libuvSaturated(first, best.observed.pool, libuvThreads);
  }
  const lacking = overlaps.find(isTooLittle);
  if (lacking === undefined) {
    return undefined;
  }
  const isOwnPool = where.isOwn && lacking.most > 1 && lacking.what !== "computations";
  return isOwnPool ? poolTooSmall(lacking) : sequential(lacking);
}

function tooLittleWork({ exercise, best, alone }: Measured): Diagnosis | undefined {
  const calls = best.requests.length;
  const minMs = calls * taskMs(exercise, alone) * minCpuShare;
  const cpuMs = cpuMsOf(best);
  return best.tree !== undefined && cpuMs < minMs ? workSkipped(cpuMs, minMs, calls) : undefined;
}

function tooMuchWork({ exercise, best }: Measured): Diagnosis | undefined {
  const calls = best.requests.length;
  const computations = best.usage.computing.calls;
  return exercise.work.cpu && computations >= calls * tooOften
    ? computedAgain(computations, calls)
    : undefined;
}

/** The event loop was held during a burst. Counts say so and name it; the watch of the loop knows the line. */
function loopBlocked(held: Held, measured: Measured): Diagnosis {
  const { observed, loop, usage, burst } = measured.best;
  const loopCpuMs = round(loopCpuMsOf(measured.best));
  const computing = observed.handler.isAsync ? "cpu-behind-a-promise" : "loop-blocked-by-cpu";
  const name = held === "waiting" ? "loop-blocked-by-waiting" : computing;
  const tally = new BlockageTally();
  tally.add(observed.blockages);
  const all = tally.diagnoses();
  const seen = all.find((one) => one.name === name);
  const line = (seen ?? all.find((one) => one.line !== undefined))?.line;
  const lateMs = round(probeMs(measured));
  const calls = usage[held].onLoop;
  const what = held === "waiting" ? "blocking calls were made" : "computations ran";
  const counted = calls > 0 ? `${calls} ${what} on the event loop, one after another. ` : "";
  const measuredToo =
    seen?.finding ?? `The event loop computed for ${loopCpuMs} ms in ${round(burst.wallMs)} ms.`;
  return {
    name,
    finding: `${counted}${measuredToo} Everybody else who called waited, up to ${lateMs} ms.`,
    ...(line === undefined ? {} : { line }),
    nextStep: asyncTwin(line?.what) ?? nextStep(measured.exercise, held),
    numbers: {
      ...seen?.numbers,
      calls_on_loop: calls,
      loop_cpu_ms: loopCpuMs,
      loop_utilization: round(loop.utilization),
      probe_p90_ms: lateMs,
    },
  };
}

/** Next step for a synchronous function of Node's that has an asynchronous twin. */
function asyncTwin(called: string | undefined): string | undefined {
  const [, name] = /\b([a-z]\w*)Sync\b/.exec(called ?? "") ?? [];
  return name === undefined
    ? undefined
    : `Await its asynchronous twin, ${name} (node:fs/promises, or promisify), for which another thread or process waits or computes.`;
}

function nextStep({ strategies }: Exercise, held: Held): string {
  if (held === "computing") {
    return "Export what computes as a function, and run it in one of the pools: only another core helps, neither a promise nor a later turn.";
  }
  return strategies.some(({ name }) => name === "async")
    ? "Await the client that does not block; or, if it has to be this one, run it in the pool for calls that wait."
    : "Export what blocks as a function, and run it in the pool for calls that wait.";
}
