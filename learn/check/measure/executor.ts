import { planOf } from "@unblock/exercises/check-plan";
import type { Exercise } from "@unblock/proto/exercises";
import { round } from "../result.ts";
import { callsOf, cpuMsOf, type Evidence, loopCpuMsOf, pools, workOf } from "./evidence.ts";

/** What held the event loop. */
export type Held = "waiting" | "computing";

/** Where a burst's work ran, by the evidence. */
export interface Whereabouts {
  /** Name of a strategy, or of an executor that the exercise has no strategy for. */
  readonly strategy: string;
  /** Other strategies that fit as well: the learner's own threads have no name here. */
  readonly alsoCalled: readonly string[];
  /** Undefined when nothing held the event loop. */
  readonly held: Held | undefined;
  /** Whether waiting calls held threads of the pool for computing. */
  readonly waitsInWorkers: boolean;
  /** Whether the threads or processes were the learner's own. */
  readonly isOwn: boolean;
}

/** Share of a burst's sequential work, or of its time, that has to be on the loop to say so. */
const loopShare = 0.5;
/** Share of all CPU time above which the loop's thread did the computing. */
const loopCpuShare = 0.6;
/** The scheduler may cause a shorter standstill. */
const minStandstillMs = 50;
/** A shorter sum of standstills says nothing. */
const minStoodMs = 150;
/** CPU time of the loop that no burst of waiting calls needs: in all, and for each call. */
const minLoopCpuMs = 150;
const minLoopCpuMsEach = 4;

/**
 * Infers from the evidence where the work of a burst ran: first from counts, which the machine's load
 * can't change, then from CPU time, last from standstills of the loop.
 *
 * @param taskMs CPU time of one call's work alone
 */
export function whereItRan(exercise: Exercise, evidence: Evidence, taskMs: number): Whereabouts {
  const { usage, observed } = evidence;
  const held = heldBy(exercise, evidence, taskMs);
  const did = (pool: string) => workOf(evidence, pool).completed > 0;
  const waitsInWorkers = did("cpu-pool") && !did("blocking-pool") && usage.waiting.otherThreads > 0;
  const found = (strategy: string): Whereabouts => ({
    strategy,
    alsoCalled: [],
    held,
    waitsInWorkers,
    isOwn: false,
  });
  if (held !== undefined) {
    const isAsync = held === "computing" && observed.handler.isAsync;
    const hasAsync = exercise.strategies.some(({ name }) => name === "async");
    return found(isAsync && hasAsync ? "async" : "event-loop");
  }
  const pool = pools.findLast(did);
  return pool === undefined
    ? { ...found("async"), ...withoutPools(exercise, evidence, taskMs) }
    : found(pool);
}

/** Work outside of the service's pools: in the learner's own threads or processes, or in none. */
function withoutPools(
  exercise: Exercise,
  evidence: Evidence,
  taskMs: number,
): Pick<Whereabouts, "strategy" | "alsoCalled" | "isOwn"> {
  const { usage, observed, tree } = evidence;
  const { waiting, computing } = usage;
  const { cpu } = exercise.work;
  const burstCpuMs = exercise.burst.calls * taskMs * loopShare;
  const inOwn = (strategy: string) => ({
    strategy,
    alsoCalled: ["blocking-pool", "cpu-pool"],
    isOwn: true,
  });
  const processes =
    waiting.otherProcesses +
    computing.otherProcesses +
    observed.newProcesses +
    (tree?.newChildren ?? 0);
  if (processes > 0 || (cpu && (tree?.childrenCpuMs ?? 0) > burstCpuMs)) {
    return inOwn("processes");
  }
  const threads = waiting.otherThreads + computing.otherThreads + observed.newThreads;
  if (threads > 0 || (cpu && (tree?.threadsCpuMs ?? 0) > burstCpuMs)) {
    return inOwn(cpu ? "cpu-pool" : "blocking-pool");
  }
  // Waiting threads and processes leave no trace: a learner who has some may have used them.
  const alsoCalled = [
    ...((tree?.children ?? 0) > 0 ? ["processes"] : []),
    ...(observed.ownThreads > 0 ? ["blocking-pool", "cpu-pool"] : []),
  ];
  return { strategy: withoutThreads(exercise, evidence), alsoCalled, isOwn: false };
}

function withoutThreads({ rpc }: Exercise, evidence: Evidence): string {
  switch (rpc) {
    case "GetConfig":
      return "libuv";
    case "GetDashboard":
      return callsOf(evidence, "services").maxInProgress > 1 ? "parallel" : "sequential";
    default:
      return "async";
  }
}

function heldBy(exercise: Exercise, evidence: Evidence, taskMs: number): Held | undefined {
  const { burst, work } = exercise;
  const { waiting, computing } = evidence.usage;
  if (waiting.onLoop > 0) {
    return "waiting";
  }
  if (computing.onLoop > 0) {
    return "computing";
  }
  // Code without the toolbox is not counted, but the loop's thread has its CPU time.
  const loopCpuMs = loopCpuMsOf(evidence);
  // V8 collects the loop's garbage in threads of its own.
  const workCpuMs = cpuMsOf(evidence) - (evidence.tree?.helpersCpuMs ?? 0);
  const isInPools = pools.some((name) => workOf(evidence, name).completed >= burst.calls);
  if (!isInPools && loopCpuMs >= workCpuMs * loopCpuShare) {
    const enoughMs = work.cpu
      ? burst.calls * taskMs * loopShare
      : Math.max(minLoopCpuMs, minLoopCpuMsEach * evidence.requests.length);
    // Without a core it could not compute.
    const couldMs = evidence.burst.wallMs - (evidence.tree?.loopStarvedMs ?? 0);
    if (loopCpuMs >= Math.max(enoughMs, couldMs * loopShare)) {
      return "computing";
    }
  }
  return heldInStandstills(evidence, burst.calls * (work.waitMs + taskMs));
}

/** Work that no count and no share of CPU time shows is seen in standstills of the loop. */
function heldInStandstills(evidence: Evidence, inTurnMs: number): Held | undefined {
  const { burst, observed, seen, tree } = evidence;
  const stood = observed.blockages.filter(({ ms, starvedMs }) => ms - starvedMs >= minStandstillMs);
  const stoodMs = stood.reduce((sum, { ms, starvedMs }) => sum + ms - starvedMs, 0);
  const stoodCpuMs = stood.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  const couldMs = burst.wallMs - (tree?.loopStarvedMs ?? 0);
  if (stoodMs < Math.max(minStoodMs, inTurnMs * loopShare, couldMs * loopShare)) {
    return undefined;
  }
  if (stoodCpuMs >= stoodMs * loopShare) {
    return "computing";
  }
  // Calls that wait on the loop ask one at a time: with more, the machine stood still.
  const backends = new Set(seen.asked.map(({ backend }) => backend));
  const inTurn = [...backends].every((name) => callsOf(evidence, name).maxInProgress <= 1);
  return inTurn ? "waiting" : undefined;
}

/** Summarises for people the evidence of where a burst ran, a figure or two each. */
export function evidenceParts(exercise: Exercise, evidence: Evidence): string[] {
  const { observed, loopUtilization, tree, usage } = evidence;
  const { waiting, computing } = usage;
  const { backend } = planOf(exercise);
  const threads = Math.max(waiting.otherThreads, computing.otherThreads);
  const childrenCpuMs = tree?.childrenCpuMs ?? 0;
  const inPools = pools
    .map((name) => ({ name, ...workOf(evidence, name) }))
    .filter(({ completed }) => completed > 0)
    .map(
      ({ name, completed, maxRunning, cpuMs }) =>
        `${completed} tasks in ${name}, ${maxRunning} at once, ${round(cpuMs)} ms of CPU`,
    );
  const parts = [
    waiting.onLoop > 0 && `${waiting.onLoop} blocking calls on the event loop`,
    computing.onLoop > 0 && `${computing.onLoop} computations on the event loop`,
    ...inPools,
    threads > 0 && `on ${threads} threads`,
    observed.newThreads > 0 && `${observed.newThreads} threads started for it`,
    observed.newProcesses > 0 && `${observed.newProcesses} processes started for it`,
    childrenCpuMs > 0 && `${round(childrenCpuMs)} ms of CPU in processes of its own`,
    backend !== undefined &&
      `the ${backend.name} saw ${callsOf(evidence, backend.name).maxInProgress} calls at once`,
    `event loop ${Math.round(loopUtilization * 100)} % busy, ${round(loopCpuMsOf(evidence))} of ${round(cpuMsOf(evidence))} ms of CPU`,
    `libuv's pool answered within ${round(observed.pool.maxWaitMs)} ms`,
  ];
  return parts.filter((part) => part !== false);
}
