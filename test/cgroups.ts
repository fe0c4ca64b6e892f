import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A cgroup of a test's own, of version 1 or 2. */
export interface TestCgroup {
  /** Moves a process into it. */
  add(pid: number): void;
  /** File to which the ids of its processes are written. */
  readonly procs: string;
  write(file: string, text: string): void;
  read(file: string): string;
  /** Removes it. To be called when its processes have ended. */
  close(): void;
}

/** Parents of cgroups with a CPU limit: version 1's `cpu`, or version 2 with that controller. */
const withCpu = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"];
/** Mounts of version 2, which can freeze without any controller. */
const version2 = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/** @returns undefined if this process may not make one: without root, or in a container */
export function makeCpuCgroup(quotaUs: number, periodUs: number): TestCgroup | undefined {
  return make(withCpu, (folder) => {
    if (existsSync(join(folder, "cpu.cfs_quota_us"))) {
      writeFileSync(join(folder, "cpu.cfs_period_us"), `${periodUs}`);
      writeFileSync(join(folder, "cpu.cfs_quota_us"), `${quotaUs}`);
    } else {
      writeFileSync(join(folder, "cpu.max"), `${quotaUs} ${periodUs}`);
    }
  });
}

/** @returns undefined if this process may not make one */
export function makeFreezer(): TestCgroup | undefined {
  return make(version2, (folder) => {
    readFileSync(join(folder, "cgroup.freeze"));
  });
}

function make(executors: readonly string[], set: (folder: string) => void): TestCgroup | undefined {
  for (const executor of executors) {
    const folder = join(executor, `unblock-test-${process.pid}-${Date.now()}`);
    try {
      mkdirSync(folder);
    } catch {
      continue;
    }
    const file = (name: string) => join(folder, name);
    try {
      set(folder);
    } catch {
      rmdirSync(folder);
      continue;
    }
    return {
      add: (pid) => writeFileSync(file("cgroup.procs"), `${pid}`),
      procs: file("cgroup.procs"),
      write: (name, text) => writeFileSync(file(name), text),
      read: (name) => readFileSync(file(name), "utf8"),
      close: () => rmdirSync(folder),
    };
  }
  return undefined;
}
