import type { Exercise } from "../../../registry/exercises.ts";
import { planOf } from "../plan.ts";
import { round } from "../report.ts";
import { callsOf, cpuMsOf, type Evidence, loopCpuMsOf, workOf } from "./evidence.ts";

/** What kept the event loop from everybody else. */
export type Held = "waiting" | "computing";

/** Where a burst's work ran, as the evidence has it. */
export interface Whereabouts {
  /** A strategy's name, or that of a place that the exercise has no strategy for. */
  readonly strategy: string;
  /** Other names that are as true of it: threads of one's own have no name here. */
  readonly alsoCalled: readonly string[];
  /** What held the event loop; undefined when nothing did. */
  readonly held: Held | undefined;
  /** Whether calls that wait held threads that are there to compute. */
  readonly waitsInWorkers: boolean;
  /** Whether the threads or processes were the learner's own. */
  readonly isOwn: boolean;
}

const pools = ["threads", "workers", "processes"];

/** Of what a burst's work takes one after another, the part that must have been on the loop to name it. */
const loopShare = 0.5;
/** Of all CPU time, the part that the loop's thread has when the computing is its. */
const loopCpuShare = 0.6;
/** A shorter standstill may be the operating system's, which has other threads to run, in milliseconds. */
const leastStandstillMs = 50;
/** Less in all says nothing, in milliseconds. */
const leastStoodMs = 150;
/** CPU time of the loop that no burst of calls which wait needs: in all, and for each call, in milliseconds. */
const leastLoopCpuMs = 150;
const leastLoopCpuMsEach = 4;

/**
 * Infers from the evidence where the work of a burst ran. Counts come first, which nothing that the
 * machine does meanwhile can change; CPU time next; how long the loop stood still comes last.
 *
 * @param aloneMs what the work of one call takes alone
 * @param taskMs what of that is computing
 */
export function whereItRan(
  exercise: Exercise,
  evidence: Evidence,
  aloneMs: number,
  taskMs: number,
): Whereabouts {
  const { usage } = evidence;
  const held = heldBy(exercise, evidence, aloneMs, taskMs);
  const did = (place: string) => workOf(evidence, place).completed > 0;
  const waitsInWorkers = did("workers") && !did("threads") && usage.waiting.otherThreads > 0;
  const found = (strategy: string, ...alsoCalled: readonly string[]): Whereabouts => ({
    strategy,
    alsoCalled,
    held,
    waitsInWorkers,
    isOwn: false,
  });

  if (held === "waiting") {
    return found("event-loop");
  }
  if (held === "computing") {
    const isAsync = evidence.observed.handler.isAsync;
    const named = exercise.strategies.some(({ name }) => name === "async");
    return found(isAsync && named ? "async" : "event-loop");
  }
  if (did("processes")) {
    return found("processes");
  }
  if (did("workers")) {
    return found("workers");
  }
  if (did("threads")) {
    return found("threads");
  }
  return { ...found("async"), ...inOwn(exercise, evidence, taskMs) };
}

/** Threads and processes that the learner's code started itself, or none. */
function inOwn(
  exercise: Exercise,
  evidence: Evidence,
  taskMs: number,
): Pick<Whereabouts, "strategy" | "alsoCalled" | "isOwn"> {
  const { usage, observed, tree } = evidence;
  const { waiting, computing } = usage;
  const otherProcesses = waiting.otherProcesses + computing.otherProcesses;
  const childrenCpuMs = tree?.childrenCpuMs ?? 0;
  const burstCpuMs = exercise.burst.calls * taskMs * loopShare;
  const startedProcesses = observed.newProcesses + (tree?.newChildren ?? 0);
  if (
    otherProcesses > 0 ||
    startedProcesses > 0 ||
    (exercise.work.cpu && childrenCpuMs > burstCpuMs)
  ) {
    return { strategy: "processes", alsoCalled: ["threads", "workers"], isOwn: true };
  }
  const otherThreads = waiting.otherThreads + computing.otherThreads;
  const areThreadsBusy = exercise.work.cpu && (tree?.threadsCpuMs ?? 0) > burstCpuMs;
  const inThreads = exercise.work.cpu ? "workers" : "threads";
  if (observed.newThreads > 0 || otherThreads > 0 || areThreadsBusy) {
    return { strategy: inThreads, alsoCalled: ["threads", "workers"], isOwn: true };
  }
  // Threads and processes that wait leave no trace: those who have some may have used them.
  const mayBe = [
    ...((tree?.children ?? 0) > 0 ? ["processes"] : []),
    ...(observed.ownThreads > 0 ? ["threads", "workers"] : []),
  ];
  return { strategy: withoutThreads(exercise, evidence), alsoCalled: mayBe, isOwn: false };
}

function withoutThreads({ rpc }: Exercise, evidence: Evidence): string {
  switch (rpc) {
    case "GetConfig":
      return "libuv";
    case "GetDashboard":
      return callsOf(evidence, "services").mostInProgress > 1 ? "parallel" : "sequential";
    default:
      return "async";
  }
}

function heldBy(
  exercise: Exercise,
  evidence: Evidence,
  aloneMs: number,
  taskMs: number,
): Held | undefined {
  const { burst, work } = exercise;
  const { waiting, computing } = evidence.usage;
  if (waiting.onLoop > 0) {
    return "waiting";
  }
  if (computing.onLoop > 0) {
    return "computing";
  }
  // Code that does not use the toolbox is not noted, but the loop's thread has its CPU time.
  const loopCpuMs = loopCpuMsOf(evidence);
  const isInPools = pools.some((name) => workOf(evidence, name).completed >= burst.calls);
  if (!isInPools && loopCpuMs >= cpuMsOf(evidence) * loopCpuShare) {
    const calls = evidence.requests.length;
    const mostMs = work.cpu
      ? burst.calls * taskMs * loopShare
      : Math.max(leastLoopCpuMs, leastLoopCpuMsEach * calls);
    // While others had its core it could not compute.
    const couldMs = evidence.burst.wallMs - (evidence.tree?.loopStarvedMs ?? 0);
    if (loopCpuMs >= Math.max(mostMs, couldMs * loopShare)) {
      return "computing";
    }
  }
  return heldByOthers(exercise, evidence, burst.calls * aloneMs);
}

/** What is neither the toolbox's nor the exercise's work shows only in how long the loop stood still. */
function heldByOthers(exercise: Exercise, evidence: Evidence, inTurnMs: number): Held | undefined {
  const { burst, observed, seen } = evidence;
  const stood = observed.blockages.filter(
    ({ ms, starvedMs }) => ms - starvedMs >= leastStandstillMs,
  );
  const stoodMs = stood.reduce((sum, { ms, starvedMs }) => sum + ms - starvedMs, 0);
  const stoodCpuMs = stood.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  if (stoodMs < Math.max(leastStoodMs, inTurnMs * loopShare, burst.wallMs * loopShare)) {
    return undefined;
  }
  if (stoodCpuMs >= stoodMs * loopShare) {
    return exercise.work.cpu ? undefined : "computing";
  }
  // Who waits on the loop asks for one thing at a time: with more, it was the machine that stood still.
  const backends = new Set(seen.asked.map(({ backend }) => backend));
  const inTurn = [...backends].every((name) => callsOf(evidence, name).mostInProgress <= 1);
  return inTurn ? "waiting" : undefined;
}

/** What the evidence of a burst shows of where it ran, in a few words with numbers. */
export function describeEvidence(exercise: Exercise, evidence: Evidence): string {
  return evidenceParts(exercise, evidence).join(", ");
}

/** The same, a figure or two each. */
export function evidenceParts(exercise: Exercise, evidence: Evidence): string[] {
  const { observed, loop, tree, usage } = evidence;
  const { waiting, computing } = usage;
  const threads = Math.max(waiting.otherThreads, computing.otherThreads);
  const places = ["threads", "workers", "processes"]
    .map((name) => ({ name, ...workOf(evidence, name) }))
    .filter(({ completed }) => completed > 0)
    .map(
      ({ name, completed, mostRunning, cpuMs }) =>
        `${completed} tasks in ${name}, ${mostRunning} at once, ${round(cpuMs)} ms of CPU`,
    );
  const backend = planOf(exercise).backend;
  const parts = [
    waiting.onLoop > 0 ? `${waiting.onLoop} blocking calls on the event loop` : "",
    computing.onLoop > 0 ? `${computing.onLoop} computations on the event loop` : "",
    ...places,
    threads > 0 ? `on ${threads} threads` : "",
    observed.newThreads > 0 ? `${observed.newThreads} threads started for it` : "",
    observed.newProcesses > 0 ? `${observed.newProcesses} processes started for it` : "",
    (tree?.childrenCpuMs ?? 0) > 0
      ? `${round(tree?.childrenCpuMs ?? 0)} ms of CPU in processes of its own`
      : "",
    backend === undefined
      ? ""
      : `the ${backend.name} saw ${callsOf(evidence, backend.name).mostInProgress} calls at once`,
    `event loop ${percent(loop.utilization)} busy, ${round(loopCpuMsOf(evidence))} of ${round(cpuMsOf(evidence))} ms of CPU`,
    `libuv's pool answered within ${round(observed.pool.longestWaitMs)} ms`,
  ];
  return parts.filter((part) => part !== "");
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}
