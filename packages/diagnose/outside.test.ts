/** Causes outside of the program's code: garbage collection, pauses of the process and CPU limits. */
import { setTimeout as sleep } from "node:timers/promises";
import { makeCpuCgroup, makeFreezer, type TestCgroup } from "@unblock/test/cgroups";
import { afterEach, describe, expect, test, vi } from "vitest";
import { callUntilFound, type Finding, findingsIn, startApp, stopApps } from "./test/start-app.ts";

vi.setConfig({ testTimeout: 60_000 });

let cgroup: TestCgroup | undefined;
afterEach(async () => {
  await stopApps();
  cgroup?.close();
  cgroup = undefined;
});

const gc = ["--expose-gc", "--import", "./packages/diagnose/main.ts?json"];
const names = (findings: readonly Finding[]) => findings.map(({ diagnosis }) => diagnosis).sort();
const numbersOf = (findings: readonly Finding[], name: string) =>
  findings.find(({ diagnosis }) => diagnosis === name)?.numbers ?? {};

describe("a garbage collection", () => {
  test("is diagnosed as one, and not as the program's computing", async () => {
    const app = await startApp("collecting", { node: gc });
    const wanted = { diagnosis: "garbage-collection" };
    const findings = await callUntilFound(app, "/collect", wanted);
    expect(names(findings)).toEqual(["garbage-collection"]);
    const { collections, heap_mb } = numbersOf(findings, "garbage-collection");
    expect(collections).toBeGreaterThan(0);
    expect(heap_mb).toBeGreaterThanOrEqual(100);
  });

  test("is separated from the computing that makes the garbage, whose line is named", async () => {
    const app = await startApp("collecting");
    await callUntilFound(app, "/press", {
      diagnosis: "garbage-collection",
      finding: expect.stringMatching(
        / at packages\/diagnose\/test\/collecting\.ts:\d+ \(makeList\)/,
      ),
    });
  });

  test("is diagnosed if the program exits right after it", async () => {
    const app = await startApp("collecting", { node: gc });
    await app.call("/exit").catch(() => {});
    expect(await app.exited).toBe(3);
    expect(names(findingsIn(app.stderr()))).toEqual(["garbage-collection"]);
  });
});

describe.skipIf(process.platform !== "linux")("a pause of the process", () => {
  const pauseMs = 1_500;

  test("by SIGSTOP is diagnosed while nobody calls", async () => {
    const app = await startApp("blocking-calls");
    app.child.kill("SIGSTOP");
    await sleep(pauseMs);
    app.child.kill("SIGCONT");
    const findings = await app.findings();
    expect(names(findings)).toEqual(["process-paused"]);
    const { paused_ms } = numbersOf(findings, "process-paused");
    expect(paused_ms).toBeGreaterThanOrEqual(pauseMs - 100);
  });

  test("by SIGSTOP in the middle of a call is separated from what the call does", async () => {
    const app = await startApp("limited");
    const response = app.call("/long");
    await sleep(50);
    app.child.kill("SIGSTOP");
    await sleep(pauseMs);
    app.child.kill("SIGCONT");
    await response;
    const findings = await app.findings();
    expect(names(findings)).toEqual(["loop-blocked-by-cpu", "process-paused"]);
    const { blocked_ms = 0, cpu_ms = 0 } = numbersOf(findings, "loop-blocked-by-cpu");
    // The pause would be the larger part of the blockage.
    expect(blocked_ms).toBeLessThan(cpu_ms + pauseMs / 2);
  });

  test("is diagnosed if a signal ends the program as soon as it goes on", async () => {
    const app = await startApp("endings");
    app.child.kill("SIGSTOP");
    await sleep(pauseMs);
    app.child.kill("SIGTERM");
    app.child.kill("SIGCONT");
    await app.exited;
    expect(names(findingsIn(app.stderr()))).toEqual(["process-paused"]);
  });

  test("of 11 s is not reported as a loop that may never turn again", async () => {
    const app = await startApp("blocking-calls");
    const response = app.call("/user");
    await sleep(100);
    app.child.kill("SIGSTOP");
    await sleep(11_000);
    app.child.kill("SIGCONT");
    await response;
    expect(names(await app.findings())).toContain("process-paused");
    // JSON lines only.
    expect(app.stderr()).not.toMatch(/^unblock diagnose: /m);
  });

  test("by a frozen cgroup, as of a paused container, is diagnosed", async ({ skip }) => {
    cgroup = makeFreezer();
    if (cgroup === undefined) {
      skip("requires root and cgroup v2");
      return;
    }
    const app = await startApp("endings");
    const frozen = cgroup;
    frozen.add(app.child.pid ?? 0);
    frozen.write("cgroup.freeze", "1");
    await vi.waitFor(() => expect(frozen.read("cgroup.events")).toContain("frozen 1"), 5_000);
    await sleep(pauseMs);
    frozen.write("cgroup.freeze", "0");
    expect(names(await app.findings())).toEqual(["process-paused"]);
  });
});

describe("a limit on CPU", () => {
  test("is diagnosed, with its quota", async ({ skip }) => {
    cgroup = makeCpuCgroup(20_000, 100_000);
    if (cgroup === undefined) {
      skip("requires root and the cgroup controller for CPU");
      return;
    }
    const limit = ["--import", `data:text/javascript,${joining(cgroup)}`];
    const app = await startApp("limited", {
      node: [...limit, "--import", "./packages/diagnose/main.ts?json"],
    });
    const findings = await callUntilFound(app, "/compute", {
      diagnosis: "cpu-throttled",
      numbers: expect.objectContaining({ quota_ms: 20, period_ms: 100 }),
    });
    // No turn takes 40 ms of CPU, and the threads of libuv's pool have nothing to do.
    expect(names(findings)).toEqual(["cpu-throttled"]);
  });
});

/** Puts the process into a cgroup before anything is watched. */
function joining({ procs }: TestCgroup): string {
  return encodeURIComponent(
    `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(procs)}, String(process.pid));`,
  );
}
