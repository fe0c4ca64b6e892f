import { dirname, join, relative } from "node:path";
import { readText } from "./proc.ts";

/**
 * Folders of the cgroups that can limit a process's CPU time, version 2 or 1: its own and those around it.
 *
 * @param cgroup text of /proc/PID/cgroup, by default this process's
 * @param mountinfo text of /proc/PID/mountinfo, by default this process's
 */
export function cpuFolders(
  cgroup = readText("/proc/self/cgroup"),
  mountinfo = readText("/proc/self/mountinfo"),
): string[] {
  const mounts = mountinfo.split("\n").flatMap((line) => {
    const match = /^\S+ \S+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)$/.exec(line);
    const [, root = "", folder = "", type = "", options = ""] = match ?? [];
    const isCpu = type === "cgroup2" || options.split(",").includes("cpu");
    return isCpu ? [{ root, folder, isVersion2: type === "cgroup2" }] : [];
  });
  return mounts.flatMap(({ root, folder, isVersion2 }) => {
    const [path] = cgroup.split("\n").flatMap((line) => {
      const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const isIts = isVersion2 ? controllers === "" : controllers.split(",").includes("cpu");
      return isIts ? [path] : [];
    });
    if (path === undefined) {
      return [];
    }
    const inside = relative(root, path);
    // In a container the path can be the host's, which the container cannot see.
    const own = inside.startsWith("..") ? folder : join(folder, inside);
    const folders = [own];
    for (let around = own; around !== folder && around !== "/"; ) {
      around = dirname(around);
      folders.push(around);
    }
    return folders;
  });
}

/**
 * Reads what the CPU limit of a cgroup did since the cgroup was made: the count of periods in which it stopped the
 * cgroup's threads, and the time for which it stopped them, summed over cores.
 *
 * @returns undefined if the cgroup has no CPU controller
 * @see https://docs.kernel.org/scheduler/sched-bwc.html#statistics
 */
export function readThrottling(folder: string) {
  const text = readText(join(folder, "cpu.stat"));
  const field = (name: string) => new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1];
  const periods = field("nr_throttled");
  if (periods === undefined) {
    return undefined;
  }
  // Version 2 counts microseconds, version 1 nanoseconds.
  const us = field("throttled_usec");
  const ms = us === undefined ? Number(field("throttled_time") ?? 0) / 1e6 : Number(us) / 1e3;
  return { periods: Number(periods), ms };
}

/**
 * Reads the CPU time that a cgroup may use in each period.
 *
 * @returns undefined if the cgroup has no limit
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 */
export function readQuota(folder: string) {
  const [quotaUs, periodUs] = (
    readText(join(folder, "cpu.max")) ||
    `${readText(join(folder, "cpu.cfs_quota_us"))} ${readText(join(folder, "cpu.cfs_period_us"))}`
  ).split(/\s+/);
  const quotaMs = Number(quotaUs) / 1e3;
  const periodMs = Number(periodUs) / 1e3;
  // Without a limit version 2 says "max", and version 1 says -1.
  return quotaMs > 0 && periodMs > 0 ? { quotaMs, periodMs } : undefined;
}

/** Tightest CPU limit of this process, in cores; undefined where there is none. */
export function cpuQuota(): number | undefined {
  const cores = cpuFolders().flatMap((folder) => {
    const quota = readQuota(folder);
    return quota === undefined ? [] : [quota.quotaMs / quota.periodMs];
  });
  return cores.length === 0 ? undefined : Math.min(...cores);
}

/** Time for which CPU limits have stopped this process's cgroup, or one around it, in milliseconds. */
export function readThrottledMs(): number {
  return Math.max(0, ...cpuFolders().map((folder) => readThrottling(folder)?.ms ?? 0));
}
