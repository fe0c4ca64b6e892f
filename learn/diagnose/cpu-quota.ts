import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** What a cgroup's limit on CPU did. */
export interface Throttling {
  /** Periods in which it held the cgroup's threads back. */
  readonly periods: number;
  /** For how long, summed over cores. */
  readonly ms: number;
  /** The CPU time that the cgroup may use in each period, and the period's length. */
  readonly quotaMs: number;
  readonly periodMs: number;
}

interface Counts {
  readonly periods: number;
  readonly ms: number;
}

/** A cgroup with the counts that it had when the watch began. */
interface Group {
  readonly folder: string;
  readonly before: Counts;
}

/**
 * Tells how the CPU limits of this process's cgroup, and of those around it, held it back. Only Linux has
 * them.
 *
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu
 * @see https://docs.kernel.org/scheduler/sched-bwc.html#statistics
 */
export class CpuQuota {
  readonly #groups: readonly Group[];

  constructor() {
    this.#groups = foldersOf(read("/proc/self/cgroup"), read("/proc/self/mountinfo")).flatMap(
      (folder) => {
        const before = readCounts(folder);
        return before === undefined ? [] : [{ folder, before }];
      },
    );
  }

  /** Of the cgroup that was held back for longest; undefined when none was. */
  read(): Throttling | undefined {
    const throttled = this.#groups.flatMap(({ folder, before }) => {
      const now = readCounts(folder) ?? before;
      const periods = now.periods - before.periods;
      return periods > 0 ? [{ folder, periods, ms: now.ms - before.ms }] : [];
    });
    const [most] = throttled.sort((a, b) => b.ms - a.ms);
    return most && { periods: most.periods, ms: most.ms, ...limitOf(most.folder) };
  }
}

/**
 * The folders of a process's cgroups that can limit CPU, of version 2 or 1, each with those around it.
 *
 * @param cgroup /proc/self/cgroup
 * @param mountinfo /proc/self/mountinfo
 */
export function foldersOf(cgroup: string, mountinfo: string): string[] {
  const mounts = mountinfo.split("\n").flatMap((line) => {
    const match = /^\S+ \S+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)$/.exec(line);
    const [, root = "", folder = "", type = "", options = ""] = match ?? [];
    const isCpu = type === "cgroup2" || options.split(",").includes("cpu");
    return isCpu ? [{ root, folder, isVersion2: type === "cgroup2" }] : [];
  });
  return mounts.flatMap(({ root, folder, isVersion2 }) => {
    const path = cgroup.split("\n").flatMap((line) => {
      const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      const isIts = isVersion2 ? controllers === "" : controllers.split(",").includes("cpu");
      return isIts ? [path] : [];
    })[0];
    if (path === undefined) {
      return [];
    }
    const inside = relative(root, path);
    // In a container the path can be one that it can't see; what it sees is its own.
    const own = inside.startsWith("..") ? folder : join(folder, inside);
    const folders = [own];
    for (let around = own; around !== folder && around !== "/"; ) {
      around = dirname(around);
      folders.push(around);
    }
    return folders;
  });
}

function readCounts(folder: string): Counts | undefined {
  const text = read(join(folder, "cpu.stat"));
  const field = (name: string) => new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1];
  const periods = field("nr_throttled");
  const throttledUs = field("throttled_usec");
  const throttledNs = field("throttled_time");
  if (periods === undefined) {
    return undefined;
  }
  const ms = throttledUs === undefined ? Number(throttledNs) / 1e6 : Number(throttledUs) / 1e3;
  return { periods: Number(periods), ms };
}

function limitOf(folder: string): Pick<Throttling, "quotaMs" | "periodMs"> {
  const version1 = `${read(join(folder, "cpu.cfs_quota_us"))} ${read(join(folder, "cpu.cfs_period_us"))}`;
  const [quotaUs, periodUs] = (read(join(folder, "cpu.max")) || version1).split(/\s+/);
  return { quotaMs: Number(quotaUs) / 1e3, periodMs: Number(periodUs) / 1e3 };
}

/** Empty when there is no such file. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
