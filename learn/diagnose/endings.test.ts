import { afterEach, expect, test, vi } from "vitest";
import { type App, diagnosisAt, startApp } from "./apps/start-app.ts";

// On a busy machine a program takes seconds to begin, and some are called again and again.
vi.setConfig({ testTimeout: 60_000 });

let app: App | undefined;
afterEach(async () => {
  app?.child.kill("SIGKILL");
  await app?.exited;
});

const blocked = "loop-blocked-by-waiting at learn/diagnose/apps/endings.ts:";

test("reports when a signal ends the program, which it does as ever", async () => {
  app = await startApp("endings");
  await app.call("/block");
  app.child.kill("SIGTERM");
  expect(await app.exited).toBe(null);
  expect(app.child.signalCode).toBe("SIGTERM");
  expect(app.stderr()).toContain(blocked);
});

test("leaves a signal to a program that listens for it", async () => {
  app = await startApp("endings", { args: ["good bye"] });
  await app.call("/block");
  app.child.kill("SIGTERM");
  expect(await app.exited).toBe(7);
  expect(app.stdout()).toContain("good bye\n");
  expect(app.stderr()).toContain(blocked);
});

test("reports what blocks right before the program exits", async () => {
  app = await startApp("endings");
  await app.call("/exit").catch(() => {});
  expect(await app.exited).toBe(3);
  expect(app.stderr()).toContain(blocked);
  expect(app.stderr()).not.toContain("Waiting for the debugger");
});

test("reports after an error that ends the program, and leaves Node's message", async () => {
  app = await startApp("endings");
  await app.call("/throw").catch(() => {});
  expect(await app.exited).toBe(1);
  expect(app.stderr()).toContain("Error: nobody catches this\n");
  expect(app.stderr()).toContain("unblock diagnose: nothing found in");
});

test("lets a rejection end the program, and says where it came from", async () => {
  app = await startApp("rejections");
  expect(await app.call("/listeners")).toBe("0");
  await app.call("/track").catch(() => {});
  expect(await app.exited).toBe(1);
  expect(app.stderr()).toContain("Error: the log is full\n");
  expect(app.stderr()).toMatch(diagnosisAt("unhandled-rejection", "rejections", "rejects"));
});

test("reports on SIGUSR2 as often as it is asked, and the program goes on", async () => {
  app = await startApp("endings");
  expect(await app.report()).toContain("nothing found");
  expect(await app.call("/block")).toBe("blocked");
  expect(await app.report()).toContain(blocked);
  expect(await app.report()).toContain(blocked);
  expect(await app.call("/block")).toBe("blocked");
});

test("in a cluster, the process that has something to say says it", async () => {
  app = await startApp("cluster");
  await app.call("/block");
  app.child.kill("SIGTERM");
  await app.exited;
  const reports = app.stderr().match(/^unblock diagnose: .*/gm) ?? [];
  expect(reports.map((title) => title.replace(/ in .*/, "")).sort()).toEqual([
    "unblock diagnose: 1 diagnosis",
    "unblock diagnose: nothing found",
  ]);
  expect(app.stderr()).toMatch(diagnosisAt("loop-blocked-by-waiting", "cluster", "blocks: worker"));
});

test("with --watch a diagnosis is told as soon as it is made", async () => {
  app = await startApp("endings", { node: ["learn/diagnose.ts", "--watch"], args: ["--watch"] });
  await app.call("/block");
  const { stderr, child } = app;
  await vi.waitFor(() => expect(stderr()).toContain(blocked), 20_000);
  child.kill("SIGTERM");
  // What comes after the program is the program's.
  expect(await app.exited).toBe(7);
  expect(app.stdout()).toContain("--watch\n");
});

test("imported with ?watch it does the same", async () => {
  app = await startApp("endings", { node: ["--import", "./learn/diagnose.ts?watch"] });
  await app.call("/block");
  const { stderr } = app;
  await vi.waitFor(() => expect(stderr()).toContain(blocked), 20_000);
});
