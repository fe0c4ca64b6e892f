import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { cpuQuota } from "./cgroup.ts";

/** What a process may compute on. */
export interface Cores {
  /** Cores' worth of CPU time per time; a cgroup's quota can make it a fraction, such as 1.5. */
  readonly usable: number;
  /** CPUs that threads may run on, as numbers; two hyperthreads of a core are two. */
  readonly cpus: readonly number[];
  /** CPUs of the machine. */
  readonly allCpus: number;
  /** Cores that the CPUs belong to; undefined where the system does not say. */
  readonly physical: number | undefined;
  /** The cgroup's bound; undefined where there is none. */
  readonly quota: number | undefined;
}

/**
 * Cores that this process, and what it starts, may use: its affinity and its cgroup's quota decide.
 * Elsewhere than on Linux, those that Node reports.
 */
export function readCores(): Cores {
  const allowed = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readText("/proc/self/status") ?? "")?.[1];
  const cpus =
    allowed === undefined
      ? Array.from({ length: availableParallelism() }, (_, index) => index)
      : parseCpuList(allowed);
  const online = readText("/sys/devices/system/cpu/online");
  const quota = cpuQuota();
  return {
    usable: Math.min(cpus.length, quota ?? cpus.length),
    cpus,
    allCpus: online === undefined ? cpus.length : parseCpuList(online.trim()).length,
    physical: physicalCores(cpus),
    quota,
  };
}

/** Such as "2 cores", "1 of 8 CPUs" or "1.5 cores (quota; 2 CPUs)". */
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

/** CPUs of a list such as "0-3,8". */
export function parseCpuList(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

function physicalCores(cpus: readonly number[]): number | undefined {
  const siblings = cpus.map((cpu) =>
    readText(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`),
  );
  return siblings.includes(undefined) ? undefined : new Set(siblings).size;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
