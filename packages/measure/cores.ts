import { availableParallelism } from "node:os";
import { cpuQuota } from "./cgroup.ts";
import { readText } from "./proc.ts";

export interface Cores {
  /** CPU time per wall time; a cgroup's quota can make it a fraction, such as 1.5. */
  readonly usable: number;
  /** Numbers of the CPUs that threads may run on; two hyperthreads of one core are two CPUs. */
  readonly cpus: readonly number[];
  readonly allCpus: number;
  /** Count of the cores that `cpus` belong to; undefined where the system does not say. */
  readonly physical: number | undefined;
  /** The cgroup's CPU limit in cores; undefined without one. */
  readonly quota: number | undefined;
}

/**
 * Reads which cores this process and its children may use, by CPU affinity and cgroup quota. On other
 * systems than Linux, those that Node reports.
 */
export function readCores(): Cores {
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText("/proc/self/status"))?.[1];
  const cpus =
    allowed === undefined
      ? Array.from({ length: availableParallelism() }, (_, index) => index)
      : parseCpuList(allowed);
  const online = readText("/sys/devices/system/cpu/online");
  const quota = cpuQuota();
  return {
    usable: Math.min(cpus.length, quota ?? cpus.length),
    cpus,
    allCpus: online === "" ? cpus.length : parseCpuList(online.trim()).length,
    physical: physicalCores(cpus),
    quota,
  };
}

/** Describes cores, such as "2 cores", "1 of 8 CPUs" or "1.5 of 4 cores, by cgroup quota". */
export function describeCores({ usable, cpus, allCpus, physical, quota }: Cores): string {
  const one = cpus.length === 1;
  const threads =
    physical !== undefined && physical < cpus.length
      ? ` (hyperthreads of ${physical} core${physical === 1 ? "" : "s"})`
      : "";
  const noun = physical === cpus.length ? "core" : "CPU";
  const count = cpus.length < allCpus ? `${cpus.length} of ${allCpus}` : `${cpus.length}`;
  const all = `${count} ${noun}${one && cpus.length === allCpus ? "" : "s"}${threads}`;
  return quota !== undefined && quota < cpus.length
    ? `${Number(usable.toFixed(2))} of ${all}, by cgroup quota`
    : all;
}

/** Parses a list of CPUs such as "0-3,8". */
export function parseCpuList(list: string): number[] {
  const parts = list.split(",").filter((part) => part !== "");
  return parts.flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

function physicalCores(cpus: readonly number[]): number | undefined {
  const siblings = cpus.map((cpu) =>
    readText(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`),
  );
  return siblings.includes("") ? undefined : new Set(siblings).size;
}

/** Work of a burst. */
interface BurstWork {
  /** Time that each call waits before it computes, in milliseconds; the waits overlap. */
  readonly waitMs: number;
  /** CPU time that each task used, in milliseconds; empty if nothing is computed. */
  readonly taskCpuMs: readonly number[];
}

/** Linux's default period of a cgroup's quota, in milliseconds. */
const quotaPeriodMs = 100;

/**
 * Least wall time in which the work can be done, in milliseconds, at the speed that the machine had when the
 * tasks' CPU time was measured: all waits overlap, then the tasks share the cores without a gap, each on one
 * core at a time.
 */
export function idealOf({ waitMs, taskCpuMs }: BurstWork, cores: Cores): number {
  const cpuMs = taskCpuMs.reduce((sum, ms) => sum + ms, 0);
  const parallel = cores.cpus.length;
  // A burst can begin at the end of one period and end at the beginning of another, and use the quota of both.
  const { quota = parallel } = cores;
  const headStartMs = Math.max(0, 2 * quota * quotaPeriodMs * (1 - quota / parallel));
  const byQuotaMs = (cpuMs - headStartMs) / quota;
  return waitMs + Math.max(0, ...taskCpuMs, cpuMs / parallel, byQuotaMs);
}
