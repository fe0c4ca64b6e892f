/** What Linux says of processes and threads in /proc. Elsewhere nothing is known. */
import { openSync, readdirSync, readFileSync, readSync } from "node:fs";

/** Times of threads since their start, in milliseconds. */
export interface ThreadTimes {
  readonly cpuMs: number;
  /** Time in which they could have run and waited for a core; summed over threads. */
  readonly waitedMs: number;
}

/** Text of a file in /proc or /sys; empty if it does not exist or cannot be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Ids of the processes or threads that a folder such as /proc/self/task lists. */
export function idsIn(folder: string): number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** @see https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat */
export function readThreadTimes(pid: number | "self", thread: number): ThreadTimes {
  const [cpuMs = 0, waitedMs = 0] = readText(`/proc/${pid}/task/${thread}/schedstat`)
    .split(" ")
    .map((ns) => Number(ns) / 1e6);
  return { cpuMs, waitedMs };
}

/**
 * Times of a process and of all that it started, directly or not, without those that have ended.
 *
 * @returns undefined where the system does not say
 */
export function timesOfTree(root: number): ThreadTimes | undefined {
  const parents = new Map(idsIn("/proc").map((pid) => [pid, parentOf(pid)]));
  const isInTree = (pid: number): boolean =>
    pid === root || (pid > 0 && isInTree(parents.get(pid) ?? 0));
  let cpuMs = 0;
  let waitedMs = 0;
  for (const pid of [...parents.keys()].filter(isInTree)) {
    for (const thread of idsIn(`/proc/${pid}/task`)) {
      const times = readThreadTimes(pid, thread);
      cpuMs += times.cpuMs;
      waitedMs += times.waitedMs;
    }
  }
  return cpuMs === 0 ? undefined : { cpuMs, waitedMs };
}

/** Memory of processes in MB, shared pages divided among their users; undefined where unknown. */
export function memoryOf(pids: Iterable<number>): number | undefined {
  let megabytes = 0;
  for (const pid of pids) {
    const pss = /^Pss:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/smaps_rollup`))?.[1];
    if (pss === undefined) {
      return undefined;
    }
    megabytes += Number(pss) / 1_000;
  }
  return megabytes;
}

/** @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function parentOf(pid: number): number {
  const stat = readText(`/proc/${pid}/stat`);
  // The name is in parentheses and may contain any character.
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

/**
 * Opens the scheduler's statistics of the calling thread. The returned function costs a few microseconds
 * and gives the time that the thread could have run and waited for a core, in milliseconds since its
 * start; 0 where the system does not say.
 */
export function openThreadWaiting(): () => number {
  return openCounter("/proc/thread-self/schedstat", (text) => Number(text.split(" ")[1]) / 1e6);
}

/**
 * Opens the kernel's pressure stall information. The returned function gives the time in which any
 * thread of the machine waited for a core, in milliseconds since the start; 0 where the system does not say.
 *
 * @see https://docs.kernel.org/accounting/psi.html
 */
export function openCpuPressure(): () => number {
  return openCounter(
    "/proc/pressure/cpu",
    (text) => Number(/^some .*total=(\d+)/.exec(text)?.[1] ?? 0) / 1e3,
  );
}

/** Keeps a file open, as each read of a file in /proc gives the current values. */
function openCounter(file: string, parse: (text: string) => number): () => number {
  // With this flag Node prints a stack for each synchronous read.
  if (process.execArgv.includes("--trace-sync-io")) {
    return () => 0;
  }
  const buffer = Buffer.alloc(128);
  try {
    const descriptor = openSync(file, "r");
    return () => {
      const bytes = readSync(descriptor, buffer, 0, buffer.length, 0);
      return parse(buffer.toString("latin1", 0, bytes));
    };
  } catch {
    return () => 0;
  }
}
