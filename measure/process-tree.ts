import { readdirSync, readFileSync } from "node:fs";

/** Times of threads since their start, in milliseconds. */
export interface ThreadTimes {
  readonly cpuMs: number;
  /** Time that they could have run and waited for a core; those that wait at once are summed. */
  readonly waitedMs: number;
}

/**
 * Times of a process and all that it started, directly or not; what ended before is left out. Linux only.
 *
 * @returns undefined where the system does not say
 */
export function timesOfTree(root: number): ThreadTimes | undefined {
  const parents = new Map<number, number>();
  try {
    for (const name of readdirSync("/proc")) {
      const pid = Number(name);
      if (Number.isInteger(pid)) {
        parents.set(pid, parentOf(pid));
      }
    }
  } catch {
    return undefined;
  }
  const belongs = (pid: number): boolean =>
    pid === root || (pid > 0 && belongs(parents.get(pid) ?? 0));
  let cpuMs = 0;
  let waitedMs = 0;
  for (const pid of [...parents.keys()].filter(belongs)) {
    for (const thread of threadsOf(pid)) {
      cpuMs += thread.cpuMs;
      waitedMs += thread.waitedMs;
    }
  }
  return cpuMs === 0 ? undefined : { cpuMs, waitedMs };
}

/** Memory of processes in MB, of shared pages their part; undefined where the system does not say. */
export function memoryOf(pids: Iterable<number>): number | undefined {
  let megabytes = 0;
  for (const pid of pids) {
    const pss = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
    if (pss === undefined) {
      return undefined;
    }
    megabytes += Number(pss) / 1_000;
  }
  return megabytes;
}

/** @see https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat */
function threadsOf(pid: number): ThreadTimes[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((tid) => {
      const [cpuNs = 0, waitedNs = 0] = read(`/proc/${pid}/task/${tid}/schedstat`)
        .split(" ")
        .map(Number);
      return { cpuMs: cpuNs / 1e6, waitedMs: waitedNs / 1e6 };
    });
  } catch {
    return [];
  }
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
