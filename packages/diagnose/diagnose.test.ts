import { availableParallelism } from "node:os";
import { runCommand } from "@unblock/test/cli";
import { afterAll, describe, expect, test, vi } from "vitest";
import { type App, callUntilFound, findingAt, startApp, stopApps } from "./test/start-app.ts";

// On a busy machine a program takes seconds to start, and some paths are called again and again.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const apps = new Map<string, Promise<App>>();
/** Starts each app once: findings of different lines do not depend on each other. */
function sharedApp(name: string): Promise<App> {
  const app = apps.get(name) ?? startApp(name);
  apps.set(name, app);
  return app;
}
afterAll(stopApps);

// In each app the native call is first: it needs a profile, which runs once a minute at most.
describe("names the line that blocks the event loop", () => {
  test.each([
    ["a query that waits for a lock", "blocking-calls", "/users", "countUsers"],
    ["a child process that is waited for", "blocking-calls", "/program", "runProgram"],
    ["a wait in an async function", "blocking-calls", "/user", "findUser"],
  ])("by waiting: %s", async (_, name, path, mark) => {
    const wanted = findingAt("loop-blocked-by-waiting", name, `blocks: ${mark}`);
    await callUntilFound(await sharedApp(name), path, { ...wanted, thread: null });
  });

  test.each([
    ["a call that parses", "/json", "loop-blocked-by-cpu", "parse"],
    ["a loop", "/hash", "loop-blocked-by-cpu", "hashChain"],
    ["a loop in an async function", "/async", "cpu-behind-a-promise", "hashInAsync"],
    ["a loop in a promise", "/promise", "cpu-behind-a-promise", "hashChain"],
  ])("by computing: %s", async (_, path, diagnosis, mark) => {
    const wanted = findingAt(diagnosis, "computing", `blocks: ${mark}`);
    await callUntilFound(await sharedApp("computing"), path, { ...wanted, thread: null });
  });

  test.each([
    ["waiting", "/program", "loop-blocked-by-waiting", "runProgram"],
    ["computing", "/hash", "loop-blocked-by-cpu", "hashChain"],
  ])("of a worker thread that serves, by %s", async (_, path, diagnosis, mark) => {
    await callUntilFound(await sharedApp("serving-worker"), path, {
      ...findingAt(diagnosis, "serving-worker", `blocks: ${mark}`),
      thread: { file: "packages/diagnose/test/serving-worker.ts", ids: [expect.any(Number)] },
    });
  });
});

test("names the line that looks up more names than libuv runs at once", async () => {
  const app = await sharedApp("libuv");
  const findings = await callUntilFound(app, "/lookups", {
    ...findingAt("dns-lookups-queued", "libuv", "looks up"),
    numbers: expect.objectContaining({ lookup_threads: 2 }),
    finding: expect.stringContaining('"localhost"'),
  });
  const queued = findings.find(({ diagnosis }) => diagnosis === "dns-lookups-queued");
  expect(queued?.numbers.lookups_waiting).toBeGreaterThan(0);
  expect(findings.map(({ diagnosis }) => diagnosis)).not.toContain("libuv-pool-saturated");
});

test("names the line that hands libuv's pool more than it can do", async () => {
  const findings = await callUntilFound(await sharedApp("libuv"), "/keys", {
    ...findingAt("libuv-pool-saturated", "libuv", "hands over"),
    numbers: expect.objectContaining({ pool_threads: 4 }),
  });
  // The full pool explains that lookups wait.
  expect(findings.map(({ diagnosis }) => diagnosis)).not.toContain("dns-lookups-queued");
});

test("names the line that computes in more threads than there are cores", async () => {
  const app = await sharedApp("crowd");
  const started = Number(await app.call("/crowd"));
  const findings = await callUntilFound(app, "/none", {
    ...findingAt("more-threads-than-cores", "crowd", "computes"),
    numbers: { cores: availableParallelism(), computing_at_once: expect.any(Number) },
  });
  const crowd = findings.find(({ diagnosis }) => diagnosis === "more-threads-than-cores");
  expect(crowd?.numbers.computing_at_once).toBeGreaterThan(availableParallelism());
  expect(crowd?.numbers.computing_at_once).toBeLessThanOrEqual(started);
  // So many threads would disturb the tests that follow.
  app.child.kill("SIGKILL");
  await app.exited;
});

test("names the line of an unhandled rejection", async () => {
  const app = await startApp("endings", { args: ["unhandledRejection"] });
  await app.call("/reject");
  await app.call("/reject");
  expect(await app.findings()).toEqual([
    expect.objectContaining({
      ...findingAt("unhandled-rejection", "endings", "rejects"),
      numbers: { rejections: 2 },
    }),
  ]);
});

test("interrupts the program's calls to Node without changing what they return", async () => {
  // V8 inlines less then, so that more calls can be interrupted: some fifty in this program.
  const { stdout, stderr } = await runCommand(process.execPath, [
    ...["--no-opt", "--no-maglev", "--no-sparkplug"],
    ...["packages/diagnose/main.ts", "packages/diagnose/test/interrupted.ts"],
  ]);
  expect(stderr).toContain("loop-blocked-by-cpu at packages/diagnose/test/interrupted.ts:");
  expect(JSON.parse(stdout)).toEqual({ origins: 0, times: 0 });
});

test("finds nothing if everything runs in the right executor", async () => {
  const { call, findings } = await sharedApp("healthy");
  const paths = ["/hash", "/wait", "/key", "/file", "/sleep", "/lookup", "/rejected"];
  for (let round = 0; round < 3; round++) {
    await Promise.all(paths.map((path) => call(path)));
  }
  expect(await findings()).toEqual([]);
});
