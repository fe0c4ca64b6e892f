/** What holds a service up and is none of its code: its collector, and whoever stops it or limits its CPU. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { makeCpuCgroup, makeFreezer, type TestCgroup } from "../../testing/cgroups.ts";
import { type App, callUntilReported, startApp } from "./apps/start-app.ts";

vi.setConfig({ testTimeout: 60_000 });

let app: App | undefined;
let cgroup: TestCgroup | undefined;
afterEach(async () => {
  app?.child.kill("SIGKILL");
  await app?.exited;
  cgroup?.close();
  cgroup = undefined;
});

const gc = ["--expose-gc", "--import", "./learn/diagnose.ts"];
const names = (report: string) =>
  [...report.matchAll(/^([a-z-]+)( at .*)?$/gm)].map(([, name]) => name).sort();

describe("a garbage collection", () => {
  test("is named as one, and not as the program's computing", async () => {
    app = await startApp("collecting", { node: gc });
    const report = await callUntilReported(app, "/collect", /^garbage-collection$/m);
    expect(names(report)).toEqual(["garbage-collection"]);
    expect(report).toMatch(/while V8 collected garbage, .* \(\d+ collections, \d{3} MB in use/);
  });

  test("is told apart from the computing that makes the garbage", async () => {
    app = await startApp("collecting");
    const report = await callUntilReported(app, "/press", /The longest time was at/);
    expect(names(report)).toContain("garbage-collection");
    expect(report).toMatch(
      /The longest time was at learn\/diagnose\/apps\/collecting\.ts:\d+ \(makeList\)/,
    );
  });

  test("is named also when the program ends right out of it", async () => {
    app = await startApp("collecting", { node: gc });
    await app.call("/exit").catch(() => {});
    expect(await app.exited).toBe(3);
    expect(names(app.stderr())).toEqual(["garbage-collection"]);
  });
});

describe.skipIf(process.platform !== "linux")("a pause of the process", () => {
  const pauseMs = 1_500;

  test("by SIGSTOP is named as itself when nobody calls", async () => {
    app = await startApp("blocking-calls");
    app.child.kill("SIGSTOP");
    await sleep(pauseMs);
    app.child.kill("SIGCONT");
    const report = await app.report();
    expect(names(report)).toEqual(["process-paused"]);
    const [, paused = "0"] = /stopped from outside for ([\d,]+) ms/.exec(report) ?? [];
    expect(Number(paused.replace(",", ""))).toBeGreaterThanOrEqual(pauseMs - 100);
  });

  test("by SIGSTOP in the middle of a call is told apart from what the call does", async () => {
    app = await startApp("limited");
    const answer = app.call("/long");
    await sleep(50);
    app.child.kill("SIGSTOP");
    await sleep(pauseMs);
    app.child.kill("SIGCONT");
    await answer;
    const report = await app.report();
    expect(names(report)).toEqual(["loop-blocked-by-cpu", "process-paused"]);
    const [, still = "", cpu = ""] =
      /still for ([\d,]+) ms while .* \(([\d,]+) ms/.exec(report) ?? [];
    const ms = (text: string) => Number(text.replace(",", ""));
    // The pause is in neither, and would be the larger part.
    expect(ms(still)).toBeLessThan(ms(cpu) + pauseMs / 2);
  });

  test("is named also when a signal ends the program as soon as it goes on", async () => {
    app = await startApp("endings");
    app.child.kill("SIGSTOP");
    await sleep(pauseMs);
    app.child.kill("SIGTERM");
    app.child.kill("SIGCONT");
    await app.exited;
    expect(names(app.stderr())).toEqual(["process-paused"]);
  });

  test("for longer than a loop that may never turn again is no such loop", async () => {
    app = await startApp("blocking-calls");
    const answer = app.call("/user");
    await sleep(100);
    app.child.kill("SIGSTOP");
    await sleep(11_000);
    app.child.kill("SIGCONT");
    await answer;
    expect(await app.report()).not.toContain("has not turned");
    expect(app.stderr()).not.toContain("has not turned");
  });

  test("by a frozen cgroup, as of a paused container, is named as itself", async ({ skip }) => {
    cgroup = makeFreezer();
    if (cgroup === undefined) {
      skip("no cgroup that can be frozen can be made here: that takes root and cgroup v2");
      return;
    }
    app = await startApp("endings");
    const frozen = cgroup;
    frozen.add(app.child.pid ?? 0);
    frozen.write("cgroup.freeze", "1");
    await vi.waitFor(() => expect(frozen.read("cgroup.events")).toContain("frozen 1"), 5_000);
    await sleep(pauseMs);
    frozen.write("cgroup.freeze", "0");
    expect(names(await app.report())).toEqual(["process-paused"]);
  });
});

describe("a limit on CPU", () => {
  test("is named as itself, with the limit", async ({ skip }) => {
    cgroup = makeCpuCgroup(20_000, 100_000);
    if (cgroup === undefined) {
      skip("no cgroup with a CPU limit can be made here: that takes root, and the cpu controller");
      return;
    }
    const limit = ["--import", `data:text/javascript,${joining(cgroup)}`];
    app = await startApp("limited", { node: [...limit, "--import", "./learn/diagnose.ts"] });
    const report = await callUntilReported(app, "/compute", /^cpu-throttled$/m);
    // No turn takes 40 ms of CPU, and the threads of libuv's pool have nothing to do.
    expect(names(report)).toEqual(["cpu-throttled"]);
    expect(report).toContain("its cgroup may use 20 ms of CPU in each 100 ms");
  });
});

/** Puts the process into a cgroup before anything is watched. */
function joining({ procs }: TestCgroup): string {
  return encodeURIComponent(
    `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(procs)}, String(process.pid));`,
  );
}
