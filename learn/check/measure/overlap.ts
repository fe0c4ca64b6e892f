import type { Exercise } from "../../../registry/exercises.ts";
import { planOf } from "../plan.ts";
import { callsOf, type Evidence, type Left, workOf } from "./evidence.ts";

/** How far something overlapped in a burst. */
export interface Overlap {
  /** Such as "calls of the database". */
  readonly what: string;
  /** How many there were. */
  readonly calls: number;
  /** The most in progress at once. */
  readonly most: number;
  /** How many shall be. */
  readonly wanted: number;
}

/** What shall overlap in an exercise's burst: calls of its backend, and computing as far as there are cores. */
export function overlapsOf(
  exercise: Exercise,
  evidence: Evidence,
  cores: number,
): readonly Overlap[] {
  const { backend } = planOf(exercise);
  const overlaps: Overlap[] = [];
  if (backend !== undefined) {
    const { calls, mostInProgress } = callsOf(evidence, backend.name);
    // That nobody asked the backend is a mistake of another name.
    if (calls > 0) {
      const { name, overlap } = backend;
      overlaps.push({ what: `calls of the ${name}`, calls, most: mostInProgress, wanted: overlap });
    }
  }
  if (exercise.work.cpu) {
    const { calls } = exercise.burst;
    const most = computingAtOnce(evidence);
    if (most !== undefined) {
      overlaps.push({ what: "computations", calls, most, wanted: Math.min(cores, calls) });
    }
  }
  return overlaps;
}

/** Whether something overlapped less than it shall. */
export function isTooLittle({ most, wanted }: Overlap): boolean {
  return most < wanted;
}

/** A thread with less CPU time in a burst has not computed a call's work, in milliseconds. */
const leastUnitMs = 20;

/**
 * How many threads or processes computed at once; undefined where nothing tells. Code that does not use
 * the toolbox is not counted: then as many as had CPU time.
 */
export function computingAtOnce(evidence: Evidence): number | undefined {
  const { usage, tree } = evidence;
  if (usage.computing.calls > 0) {
    return usage.computing.mostInProgress;
  }
  const running = ["workers", "processes", "threads"]
    .map((name) => workOf(evidence, name))
    .map(({ completed, mostRunning }) => (completed > 0 ? mostRunning : 0));
  const busy = tree?.units.filter((cpuMs) => cpuMs >= leastUnitMs).length ?? 0;
  const most = Math.max(...running, busy);
  return most > 0 ? most : undefined;
}

/** Of calls at once, the part that has something of its own when each call has. */
const mostShare = 0.5;
/** Connections: those who keep them open may still need more of them now and then. */
const connectionShare = 0.7;
/** Fewer calls at once tell nothing. */
const leastCalls = 4;

/** Something that grows with each call. */
export interface Growth {
  /** Such as "threads". */
  readonly what: string;
  readonly count: number;
  readonly calls: number;
}

/** What calls at once started, where each call starts one. Empty when it does not. */
export function startedBy(crowds: readonly Evidence[]): readonly Growth[] {
  const [before, last] = crowds.slice(-2);
  if (before === undefined || last === undefined || last.requests.length < leastCalls) {
    return [];
  }
  const started = (count: (one: Evidence) => number, what: string): readonly Growth[] => {
    const each = [before, last].map((one) => count(one) / one.requests.length);
    return each.every((share) => share >= mostShare)
      ? [{ what, count: count(last), calls: last.requests.length }]
      : [];
  };
  return [
    ...started(({ observed }) => observed.newThreads, "threads"),
    ...started(
      ({ observed, tree }) => Math.max(observed.newProcesses, tree?.newChildren ?? 0),
      "processes",
    ),
  ];
}

/** What is still there of calls at once, and was not before them. */
export function leftBy(before: Evidence, last: Evidence): readonly Growth[] {
  const calls = last.requests.length;
  const kinds: readonly (keyof Left)[] = [
    "threads",
    "processes",
    "connections",
    "files",
    "intervals",
  ];
  return kinds
    .map((what) => ({ what, count: last.left[what] - before.left[what], calls }))
    .filter(({ what, count }) => {
      const most = what === "connections" ? requestsOf(last) : calls;
      return calls >= leastCalls && count >= most * mostShare;
    });
}

/** Requests to backends: each may have a connection. */
function requestsOf({ seen, requests }: Evidence): number {
  return Math.max(requests.length, seen.asked.length + seen.uncounted);
}

/** Connections that calls at once opened, where each opens one. */
export function connectedBy(crowds: readonly Evidence[]): Growth | undefined {
  const shares = crowds.slice(-2).map((one) => one.seen.connections.opened / requestsOf(one));
  const last = crowds.at(-1);
  if (last === undefined || last.requests.length < leastCalls || shares.length < 2) {
    return undefined;
  }
  return shares.every((share) => share >= connectionShare)
    ? {
        what: "connections",
        count: last.seen.connections.opened,
        calls: last.requests.length,
      }
    : undefined;
}
