import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The tightest CPU quota of this process's cgroup and those above it, in cores.
 *
 * @returns undefined where there is none, or no cgroup
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files
 */
export function cpuQuota(): number | undefined {
  const quotas = folders().flatMap((folder) => {
    const [quota = "max", period = ""] =
      read(join(folder, "cpu.max"))?.trim().split(" ") ??
      ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((file) => read(join(folder, file)) ?? "max");
    const cores = Number(quota) / Number(period);
    // Version 1 says -1 for none, version 2 "max".
    return cores > 0 ? [cores] : [];
  });
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

/** How long the quota has stopped this process's cgroup, or one above it, in milliseconds. */
export function readThrottledMs(): number {
  const all = folders().map((folder) => {
    const text = read(join(folder, "cpu.stat")) ?? "";
    const us = /^throttled_usec (\d+)$/m.exec(text)?.[1];
    const ns = /^throttled_time (\d+)$/m.exec(text)?.[1];
    return Number(us ?? 0) / 1e3 + Number(ns ?? 0) / 1e6;
  });
  return Math.max(0, ...all);
}

/** Folders of the cgroups that bound this process's CPU time, its own first. */
function folders(): string[] {
  const mounts = (read("/proc/self/mountinfo") ?? "").split("\n").map((line) => line.split(" "));
  return (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    const [, controllers = "", ...rest] = line.split(":");
    const version2 = controllers === "";
    if (!version2 && !controllers.split(",").includes("cpu")) {
      return [];
    }
    const mount = mounts.find((fields) => {
      const [type, , options = ""] = fields.slice(fields.indexOf("-") + 1);
      return version2
        ? type === "cgroup2"
        : type === "cgroup" && options.split(",").includes("cpu");
    });
    const [, , , root = "/", point] = mount ?? [];
    if (point === undefined) {
      return [];
    }
    // In a container the path may be the host's, of which only what is below the mount's root is there.
    const path = rest.join(":");
    let inside = path.startsWith(root) ? path.slice(root === "/" ? 0 : root.length) : "/";
    const found = [];
    for (;;) {
      found.push(join(point, inside));
      if (inside === "/" || inside === "") {
        return found;
      }
      inside = dirname(inside);
    }
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
