import { readdirSync, readFileSync } from "node:fs";
import { monotonicMs } from "../../registry/clock.ts";

/** What each thread of libuv's pool did so far. */
export interface PoolThreads {
  /** On the monotonic clock. */
  readonly atMs: number;
  readonly all: ReadonlyMap<string, ThreadTimes>;
}

interface ThreadTimes {
  readonly cpuMs: number;
  /** For how long it could have run while others had the cores. */
  readonly starvedMs: number;
}

const tasks = "/proc/self/task";
/** As libuv calls them. */
const poolThread = "libuv-worker";

/** Reads it from the system. Only Linux tells; elsewhere there are none. */
export function readPoolThreads(): PoolThreads {
  const all = new Map<string, ThreadTimes>();
  try {
    for (const task of readdirSync(tasks)) {
      if (readFileSync(`${tasks}/${task}/comm`, "latin1").trim() === poolThread) {
        const times = readFileSync(`${tasks}/${task}/schedstat`, "latin1").split(" ");
        const [cpuMs = 0, starvedMs = 0] = times.map((ns) => Number(ns) / 1e6);
        all.set(task, { cpuMs, starvedMs });
      }
    }
  } catch {
    // Another system, or a thread that has just ended.
  }
  return { atMs: monotonicMs(), all };
}

/**
 * Whether something waited for a core and not for a thread: then the one thread that took it starved,
 * and the others had nothing to do. Where there is too much to do all of them compute, or starve, or
 * all sleep in calls that block.
 *
 * @param runnersOf how many of the pool's threads may take such work; all of them if undefined
 */
export function wasStarved(
  before: PoolThreads,
  now: PoolThreads,
  runnersOf: (threads: number) => number = (threads) => threads,
): boolean {
  const halfMs = (now.atMs - before.atMs) / 2;
  const active = [...now.all].filter(([task, { cpuMs, starvedMs }]) => {
    const then = before.all.get(task) ?? { cpuMs: 0, starvedMs: 0 };
    return cpuMs - then.cpuMs + starvedMs - then.starvedMs >= halfMs;
  });
  return active.length > 0 && active.length < runnersOf(now.all.size);
}
