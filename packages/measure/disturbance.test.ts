import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { type Cores, readCores } from "./cores.ts";
import {
  type Disturbance,
  disturbanceBetween,
  type MachineReading,
  readMachine,
  whyBusy,
  whyDisturbed,
} from "./disturbance.ts";

const two: Cores = { usable: 2, cpus: [0, 1], allCpus: 2, physical: 2, quota: undefined };
const calm: Disturbance = {
  passedMs: 500,
  ...{ othersCores: 0.05, stolenCores: 0, ownCores: 1.9, waiting: 3, throttled: 0 },
};
const sameSpeed = [1, 1] as const;

describe("a measurement is disturbed", () => {
  test.each<[string, Partial<Disturbance>, RegExp | undefined]>([
    ["not by its own threads, which wait for each other", {}, undefined],
    ["by others that use cores", { othersCores: 0.9 }, /^others used 0\.9 of 2 cores meanwhile$/],
    ["by others that use a part of a core", { othersCores: 0.18 }, /^others used 0\.2 of 2 cores/],
    ["not by less than the error of the counters", { othersCores: 0.15, passedMs: 200 }, undefined],
    ["not by others if no thread waits for a core", { othersCores: 0.9, waiting: 0.01 }, undefined],
    ["not by others if half of the cores are idle", { othersCores: 0.5, ownCores: 0.4 }, undefined],
    [
      "by the host of a virtual machine",
      { stolenCores: 0.3 },
      /^the host .* gave 0\.3 cores to others/,
    ],
    [
      "by a quota that others in the cgroup use up",
      { throttled: 0.3, ownCores: 0.4 },
      /^the cgroup's quota stopped it for 30 %/,
    ],
    ["not by a quota that it uses up itself", { throttled: 0.3, ownCores: 1.9 }, undefined],
    ["not if the system does not say", { othersCores: undefined }, undefined],
  ])("%s", (_, what, why) => {
    const reason = whyDisturbed({ ...calm, ...what }, two, sameSpeed);
    expect(reason ?? "nothing").toMatch(why ?? /^nothing$/);
  });

  test("less by others, the more cores there are", () => {
    const eight: Cores = { ...two, usable: 8, cpus: [0, 1, 2, 3, 4, 5, 6, 7], allCpus: 8 };
    const busy = { ...calm, ownCores: 7 };
    expect(whyDisturbed({ ...calm, othersCores: 0.3 }, two, sameSpeed)).toBeDefined();
    expect(whyDisturbed({ ...busy, othersCores: 0.3 }, eight, sameSpeed)).toBeUndefined();
    expect(whyDisturbed({ ...busy, othersCores: 0.9 }, eight, sameSpeed)).toBeDefined();
  });

  test("by a change of speed", () => {
    expect(whyDisturbed(calm, two, [1, 1.1])).toBeUndefined();
    expect(whyDisturbed(calm, two, [1.5, 1])).toMatch(/^the machine's speed changed by 50 %/);
  });
});

describe.skipIf(process.platform !== "linux")("the machine's counters", () => {
  const cores = readCores();
  const killed: (() => void)[] = [];
  afterEach(() => {
    for (const kill of killed.splice(0)) {
      kill();
    }
  });

  const hog = async (detach: boolean) => {
    // A child whose shell has ended is no descendant of this process.
    const child = detach
      ? spawn("sh", [
          "-c",
          '"$0" -e "console.log(process.pid); for (;;);" & true',
          process.execPath,
        ])
      : spawn(process.execPath, ["-e", "console.log(process.pid); for (;;);"]);
    const [line]: Buffer[] = await once(child.stdout, "data");
    const pid = Number(line?.toString());
    killed.push(() => process.kill(pid, "SIGKILL"));
    if (detach && child.exitCode === null) {
      await once(child, "exit");
    }
  };
  /** Reads the counters until a condition holds, for 20 s at most. */
  const until = (holds: (difference: Disturbance) => boolean) => {
    const before = readMachine(cores);
    return expect
      .poll(() => holds(disturbanceBetween(before, readMachine(cores))), { timeout: 20_000 })
      .toBe(true);
  };

  test("show the use of other processes", async () => {
    await hog(true);
    await until((difference) => whyBusy(difference, cores) !== undefined);
  });

  test("count a child process as own use", async () => {
    await hog(false);
    await until(({ ownCores = 0 }) => ownCores > 0.1);
  });

  test("never decrease", async () => {
    // In a process of its own: the threads of this one come and go with the tests.
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--input-type=module",
      "--eval",
      `import { readMachine } from "@unblock/measure/disturbance";
       import { readCores } from "@unblock/measure/cores";
       const cores = readCores();
       console.log(JSON.stringify([readMachine(cores), readMachine(cores)]));`,
    ]);
    const [before, after]: [MachineReading, MachineReading] = JSON.parse(stdout);
    expect(after.busyMs).toBeGreaterThanOrEqual(before.busyMs ?? Number.NaN);
    expect(after.own?.cpuMs).toBeGreaterThanOrEqual(before.own?.cpuMs ?? Number.NaN);
    expect(after.throttledMs).toBeGreaterThanOrEqual(before.throttledMs);
  });
});
