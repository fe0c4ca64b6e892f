import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { makeCpuCgroup } from "@unblock/test/cgroups";
import { describe, expect, test } from "vitest";
import { type Cores, describeCores, parseCpuList, readCores } from "./cores.ts";

const module = fileURLToPath(new URL("cores.ts", import.meta.url));
const program = `import { describeCores, readCores } from ${JSON.stringify(module)};
const cores = readCores();
console.log(JSON.stringify({ ...cores, words: describeCores(cores) }));`;

/** Result of `readCores()` in a process that a line of shell starts. */
function coresSeenBy(shell: string): Cores & { readonly words: string } {
  const { stdout, stderr } = spawnSync("sh", ["-c", shell, "sh", process.execPath, program], {
    encoding: "utf8",
  });
  if (stdout === "") {
    throw new Error(stderr);
  }
  return JSON.parse(stdout);
}

const run = '"$1" --input-type=module -e "$2"';
const here = readCores();

describe.skipIf(process.platform !== "linux")("cores that a process may use", () => {
  test("are those of its affinity", () => {
    const [cpu = 0] = here.cpus;
    const seen = coresSeenBy(`exec taskset -c ${cpu} ${run}`);
    expect(seen).toMatchObject({ usable: Math.min(1, here.usable), cpus: [cpu] });
    expect(seen.words).toMatch(here.allCpus === 1 ? /^1 / : new RegExp(`^1 of ${here.allCpus} `));
  });

  test.for([1.5, 0.4])("are no more than its cgroup's quota of %f", (cores, { skip }) => {
    const cgroup = makeCpuCgroup(cores * 100_000, 100_000);
    if (cgroup === undefined) {
      skip("requires root and the cgroup controller for CPU");
      return;
    }
    try {
      const seen = coresSeenBy(`echo $$ > ${cgroup.procs} && exec ${run}`);
      expect(seen).toMatchObject({ quota: cores, usable: Math.min(cores, here.cpus.length) });
      expect(seen.cpus).toEqual(here.cpus);
    } finally {
      cgroup.close();
    }
  });
});

describe("cores for people", () => {
  const cores = { usable: 4, cpus: [0, 1, 2, 3], allCpus: 4, physical: 4, quota: undefined };
  test.each<[Cores, string]>([
    [cores, "4 cores"],
    [{ ...cores, usable: 1, cpus: [0], allCpus: 1, physical: 1 }, "1 core"],
    [{ ...cores, physical: 2 }, "4 CPUs (hyperthreads of 2 cores)"],
    [{ ...cores, physical: undefined }, "4 CPUs"],
    [{ ...cores, allCpus: 8 }, "4 of 8 cores"],
    [{ ...cores, usable: 1, cpus: [3], physical: 1, allCpus: 8 }, "1 of 8 cores"],
    [{ ...cores, usable: 1.5, quota: 1.5 }, "1.5 of 4 cores, by cgroup quota"],
    [{ ...cores, quota: 16 }, "4 cores"],
  ])("%j", (value, words) => {
    expect(describeCores(value)).toBe(words);
  });

  test("are parsed from Linux's lists", () => {
    expect(parseCpuList("0-2,5,8-9")).toEqual([0, 1, 2, 5, 8, 9]);
    expect(parseCpuList("3")).toEqual([3]);
    expect(parseCpuList("0-1")).toEqual([0, 1]);
    expect(parseCpuList("0")).toEqual([0]);
    expect(parseCpuList("2,4-6")).toEqual([2, 4, 5, 6]);
    expect(parseCpuList("")).toEqual([]);
  });
});
