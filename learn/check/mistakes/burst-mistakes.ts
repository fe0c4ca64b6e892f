import { BlockageTally } from "@unblock/diagnose/blocked-loop";
import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import type { Exercise } from "@unblock/proto/exercises";
import { keptBusy, taskMs } from "../measure/baseline.ts";
import { cpuMsOf, loopCpuMsOf } from "../measure/evidence.ts";
import { evidenceParts, type Held } from "../measure/executor.ts";
import { diagnoseGrowth, executorPerCall, startedBy } from "../measure/growth.ts";
import { type Measured, probeMs } from "../measure/measured.ts";
import { computingAtOnce, tooLittleOverlap } from "../measure/overlap.ts";
import { round } from "../result.ts";

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
  const { exercise, best, crowds, where } = measured;
  const { held, strategy, alsoCalled } = where;
  const isDecided =
    decided.length === 0 || [strategy, ...alsoCalled].some((name) => decided.includes(name));
  const evidence = evidenceParts(exercise, best).join(", ");
  const disagreement = isDecided ? [] : [decidedOtherwise(decided[0] ?? "", strategy, evidence)];
  const busy = keptBusy(measured.idle);
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
        ? startedBy(crowds)
            .filter(({ what }) => what === "processes")
            .map(executorPerCall)
        : [];
    return [...causes, blocked, ...disagreement];
  }
  // This also explains too little overlap, and a decision for something else.
  if (where.waitsInWorkers) {
    return [waitsInWorkers(measured)];
  }
  const others = [
    tooManyThreads(measured, decided),
    ...diagnoseGrowth(crowds),
    tooLittleOverlap(measured),
    tooLittleWork(measured),
    tooMuchWork(measured),
  ];
  return [...others.filter((one) => one !== undefined), ...disagreement];
}

/** The decision names one executor, and the work ran in another. */
export function decidedOtherwise(decided: string, ran: string, evidence: string): Diagnosis {
  return {
    name: "wrong-executor",
    finding: `You decided ${decided}, and it ran as ${ran}: ${evidence}.`,
    nextStep: "Decide which of the two you mean, and change the decision or the code.",
    numbers: {},
  };
}

/** Waiting calls held the threads for computing. */
function waitsInWorkers({ best, cores }: Measured): Diagnosis {
  const { calls, maxInProgress } = best.usage.waiting;
  return {
    name: "wrong-executor",
    finding: `${calls} blocking calls ran in the pool for computing, which has one thread for each of the ${cores} cores: ${maxInProgress} waited at once, and no core had anything to do.`,
    nextStep:
      "Wait elsewhere, without a thread or in the pool threads, and keep the workers for computing.",
    numbers: { blocking_calls: calls, max_at_once: maxInProgress, workers: cores },
  };
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
  if (!exercise.work.cpu || atOnce <= max || isMeant || isProcessEach) {
    return undefined;
  }
  return {
    name: "more-threads-than-cores",
    finding: `${atOnce} threads computed at once on ${cores} cores: they take the cores from each other, so that none finishes earlier and all finish late.`,
    nextStep:
      "Compute in a pool with one thread per core, where the other calls wait their turn: the pool workers.",
    numbers: { computing_at_once: atOnce, cores },
  };
}

/** The answers are right, and the CPU time that they need was not used. */
function tooLittleWork({ exercise, best, alone }: Measured): Diagnosis | undefined {
  const calls = best.requests.length;
  const minMs = calls * taskMs(exercise, alone) * minCpuShare;
  const cpuMs = cpuMsOf(best);
  if (best.tree === undefined || cpuMs >= minMs) {
    return undefined;
  }
  return {
    name: "work-skipped",
    finding: `${calls} calls were answered with ${round(cpuMs)} ms of CPU in all, and their work takes at least ${round(minMs)} ms.`,
    nextStep: "Do the work in each call, instead of sleeping or reusing earlier results.",
    numbers: { cpu_ms: round(cpuMs), min_ms: round(minMs), calls },
  };
}

/** Calls computed more often than their results need. */
function tooMuchWork({ exercise, best }: Measured): Diagnosis | undefined {
  const calls = best.requests.length;
  const computations = best.usage.computing.calls;
  if (!exercise.work.cpu || computations < calls * tooOften) {
    return undefined;
  }
  return {
    name: "slower-than-its-work",
    finding: `${computations} computations were made for ${calls} calls: each takes a core from the others, and all end later.`,
    nextStep: "Compute once for each call, and use that result.",
    numbers: { computations, calls },
  };
}

/** The event loop was held during a burst. Counts say so and name it; the watch of the loop knows the line. */
function loopBlocked(held: Held, measured: Measured): Diagnosis {
  const { observed, loopUtilization, usage, burst } = measured.best;
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
      loop_utilization: round(loopUtilization),
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
