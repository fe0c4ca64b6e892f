import { planOf } from "@unblock/exercises/checks";
import type { Exercise } from "@unblock/proto/exercises";
import type { Measured } from "./bursts.ts";
import { callsOf, type Evidence, type Left, workOf } from "./evidence.ts";

/** Overlap of one kind of work in a burst. */
export interface Overlap {
  /** Such as "calls of the database". */
  readonly what: string;
  readonly calls: number;
  /** Maximum in progress at once. */
  readonly most: number;
  /** Expected minimum of it. */
  readonly wanted: number;
}

/** A thread with less CPU time has not computed a call's work. */
const minUnitMs = 20;

/** Overlaps of an exercise's burst: calls of its backend, and computing as far as there are cores. */
export function overlapsOf(
  exercise: Exercise,
  evidence: Evidence,
  cores: number,
): readonly Overlap[] {
  const { backend } = planOf(exercise);
  const overlaps: Overlap[] = [];
  if (backend !== undefined) {
    const { calls, maxInProgress } = callsOf(evidence, backend.name);
    // A backend that was not asked is another mistake.
    if (calls > 0) {
      const { name, overlap } = backend;
      overlaps.push({ what: `calls of the ${name}`, calls, most: maxInProgress, wanted: overlap });
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

/** The same of all bursts: of the one that overlapped most, and of a crowd where that has one caller. */
export function allOverlaps({ exercise, best, crowds, cores }: Measured): readonly Overlap[] {
  const { backend, crowd } = planOf(exercise);
  const alone = overlapsOf(exercise, best, cores);
  if (backend === undefined || crowd === undefined) {
    return alone;
  }
  const counts = crowds.map((one) => callsOf(one, backend.name));
  const together = {
    what: `calls of the ${backend.name} for ${crowd} callers`,
    calls: Math.max(...counts.map(({ calls }) => calls)),
    most: Math.max(...counts.map(({ maxInProgress }) => maxInProgress)),
    // More than one caller's.
    wanted: 2 * backend.overlap,
  };
  return together.calls > 0 ? [...alone, together] : alone;
}

export function isTooLittle({ most, wanted }: Overlap): boolean {
  return most < wanted;
}

/**
 * Maximum number of threads or processes that computed at once, counted by the toolbox or else by their
 * CPU time; undefined without evidence.
 */
export function computingAtOnce(evidence: Evidence): number | undefined {
  const { usage, tree } = evidence;
  if (usage.computing.calls > 0) {
    return usage.computing.maxInProgress;
  }
  const running = ["cpu-pool", "processes", "blocking-pool"]
    .map((name) => workOf(evidence, name))
    .map(({ completed, maxRunning }) => (completed > 0 ? maxRunning : 0));
  const busy = tree?.units.filter((cpuMs) => cpuMs >= minUnitMs).length ?? 0;
  const most = Math.max(...running, busy);
  return most > 0 ? most : undefined;
}

/** Something whose number grows with the calls. */
export interface Growth {
  /** Such as "blocking-pool". */
  readonly what: string;
  readonly count: number;
  readonly calls: number;
}

/** Share of a burst's calls that have something of their own, when each call has. */
const eachShare = 0.5;
/** The same for connections: even a client that keeps them may open another now and then. */
const eachConnectionShare = 0.7;
/** Smaller bursts show no growth. */
const minCalls = 4;

/** Threads and processes that the last two bursts started, if each call starts one. */
export function startedBy(crowds: readonly Evidence[]): readonly Growth[] {
  const [before, last] = crowds.slice(-2);
  if (before === undefined || last === undefined || last.requests.length < minCalls) {
    return [];
  }
  const started = (what: string, count: (one: Evidence) => number): readonly Growth[] =>
    [before, last].every((one) => count(one) >= one.requests.length * eachShare)
      ? [{ what, count: count(last), calls: last.requests.length }]
      : [];
  return [
    ...started("blocking-pool", ({ observed }) => observed.newThreads),
    ...started("processes", ({ observed, tree }) =>
      Math.max(observed.newProcesses, tree?.newChildren ?? 0),
    ),
  ];
}

/** What a burst left behind, if each call leaves something. */
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
      const max = what === "connections" ? backendRequestsOf(last) : calls;
      return calls >= minCalls && count >= max * eachShare;
    });
}

/** Each request to a backend may have a connection. */
function backendRequestsOf({ seen, requests }: Evidence): number {
  return Math.max(requests.length, seen.asked.length + seen.uncounted);
}

/** Connections that the last burst opened, if each request opens one. */
export function connectedBy(crowds: readonly Evidence[]): Growth | undefined {
  const [before, last] = crowds.slice(-2);
  if (before === undefined || last === undefined || last.requests.length < minCalls) {
    return undefined;
  }
  const { opened } = last.seen.connections;
  const isEach = (one: Evidence) =>
    one.seen.connections.opened >= backendRequestsOf(one) * eachConnectionShare;
  return isEach(before) && isEach(last)
    ? { what: "connections", count: opened, calls: last.requests.length }
    : undefined;
}
