import type { Exercise } from "../../../registry/exercises.ts";
import { callsOf, type Evidence, workOf } from "../measure/evidence.ts";

/** What kept the event loop from everybody else. */
export type Held = "waiting" | "computing";

/** Where a burst's work ran, as the evidence has it. */
export interface Whereabouts {
  /** A strategy's name, or that of a place that the exercise has no strategy for. */
  readonly strategy: string;
  /** What held the event loop; undefined when nothing did. */
  readonly held: Held | undefined;
  /** Whether calls that wait held threads that are there to compute. */
  readonly waitsInWorkers: boolean;
}

const pools = ["threads", "workers", "processes"];

/** Of what a burst's work takes one after another, the part that must have been on the loop to name it. */
const loopShare = 0.5;
/** Of the process's CPU time, the part that the loop's thread has when the computing is its. */
const loopCpuShare = 0.8;
/** A shorter standstill may be the operating system's, which has other threads to run, in milliseconds. */
const leastStandstillMs = 50;
/** Less in all says nothing, in milliseconds. */
const leastStoodMs = 150;

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
  const { usage, newThreads } = evidence.observed;
  const held = heldBy(exercise, evidence, aloneMs, taskMs);
  const did = (place: string) => workOf(evidence, place).completed > 0;
  const waitsInWorkers = did("workers") && !did("threads") && usage.waiting.otherThreads > 0;
  const found = (strategy: string): Whereabouts => ({ strategy, held, waitsInWorkers });

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
  if (newThreads > 0 || usage.waiting.otherThreads > 0 || usage.computing.otherThreads > 0) {
    return found(exercise.work.cpu ? "workers" : "threads");
  }
  return found(withoutThreads(exercise, evidence));
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
  { burst, work }: Exercise,
  evidence: Evidence,
  aloneMs: number,
  taskMs: number,
): Held | undefined {
  const { observed } = evidence;
  const { usage, loopCpuMs, processCpuMs, newThreads } = observed;
  if (usage.waiting.onLoop > 0) {
    return "waiting";
  }
  if (usage.computing.onLoop > 0) {
    return "computing";
  }
  // Code that does not use the toolbox is not counted, but where else than on the loop would it run?
  if (newThreads > 0 || pools.some((name) => workOf(evidence, name).completed > 0)) {
    return undefined;
  }
  if (work.cpu) {
    const isAll = loopCpuMs >= burst.calls * taskMs * loopShare;
    return isAll && loopCpuMs >= processCpuMs * loopCpuShare ? "computing" : undefined;
  }
  return heldByOthers(evidence, burst.calls * aloneMs);
}

/** What is neither the toolbox's nor the exercise's work shows only in how long the loop stood still. */
function heldByOthers({ burst, observed, backends }: Evidence, inTurnMs: number): Held | undefined {
  const stood = observed.blockages.filter(
    ({ ms, starvedMs }) => ms - starvedMs >= leastStandstillMs,
  );
  const stoodMs = stood.reduce((sum, { ms, starvedMs }) => sum + ms - starvedMs, 0);
  const stoodCpuMs = stood.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  if (stoodMs < Math.max(leastStoodMs, inTurnMs * loopShare, burst.wallMs * loopShare)) {
    return undefined;
  }
  if (stoodCpuMs >= stoodMs * loopShare) {
    return "computing";
  }
  // Who waits on the loop asks for one thing at a time: with more, it was the machine that stood still.
  const inTurn = [...backends.values()].every(({ mostInProgress }) => mostInProgress <= 1);
  return inTurn ? "waiting" : undefined;
}
