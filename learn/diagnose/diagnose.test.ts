import { availableParallelism } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import { type App, callUntilReported, diagnosisAt, startApp } from "./apps/start-app.ts";

// On a busy machine a program takes seconds to begin, and some are called again and again.
vi.setConfig({ testTimeout: 60_000 });

let app: App | undefined;
afterEach(async () => {
  app?.child.kill("SIGKILL");
  await app?.exited;
});

test.each([
  ["a program that is waited for", "/program", "runProgram"],
  ["a wait in an async function", "/user", "findUser"],
  ["a query that waits for a lock", "/users", "countUsers"],
])("names the line that blocks by waiting: %s", async (_, path, mark) => {
  app = await startApp("blocking-calls");
  const wanted = diagnosisAt("loop-blocked-by-waiting", "blocking-calls", `blocks: ${mark}`);
  expect(await callUntilReported(app, path, wanted)).toMatch(wanted);
});

test.each([
  ["a loop", "/hash", "loop-blocked-by-cpu", "hashChain"],
  ["a loop in an async function", "/async", "cpu-behind-a-promise", "hashInAsync"],
  ["a loop in a promise", "/promise", "cpu-behind-a-promise", "hashChain"],
  ["a call that parses", "/json", "loop-blocked-by-cpu", "parse"],
])("names the line that blocks by computing: %s", async (_, path, name, mark) => {
  app = await startApp("computing");
  const wanted = diagnosisAt(name, "computing", `blocks: ${mark}`);
  expect(await callUntilReported(app, path, wanted)).toMatch(wanted);
});

test.each([
  ["waiting", "/program", "loop-blocked-by-waiting", "runProgram"],
  ["computing", "/hash", "loop-blocked-by-cpu", "hashChain"],
])(
  "names the thread and the line that blocks a worker thread that serves, by %s",
  async (_, path, name, mark) => {
    app = await startApp("serving-worker");
    const wanted = diagnosisAt(name, "serving-worker", `blocks: ${mark}`);
    const report = await callUntilReported(app, path, wanted);
    expect(report).toMatch(wanted);
    expect(report).toMatch(
      /The event loop of worker thread \d+ \(learn\/diagnose\/apps\/serving-worker\.ts\), which serves connections, stood still/,
    );
  },
);

test("names the line that hands libuv's pool more than it can do", async () => {
  app = await startApp("libuv-storm");
  const wanted = diagnosisAt("libuv-pool-saturated", "libuv-storm", "hands over: storm");
  const report = await callUntilReported(app, "/storm", wanted);
  expect(report).toMatch(wanted);
  expect(report).toContain("its 4 threads");
});

test("names the line that looks up more names than libuv lets in at once", async () => {
  app = await startApp("lookups");
  const wanted = diagnosisAt("dns-lookups-queued", "lookups", "looks up");
  const report = await callUntilReported(app, "/storm", wanted);
  expect(report).toMatch(wanted);
  expect(report).toMatch(
    /2 at once: up to [\d,]+ look-ups .* were under way at once, and [\d,]+ of them/,
  );
  expect(report).toContain('They were for "localhost".');
  expect(report).not.toContain("libuv-pool-saturated");
});

test("names the line that computes in more threads than there are cores", async () => {
  app = await startApp("crowd");
  await app.call("/crowd");
  const wanted = diagnosisAt("more-threads-than-cores", "crowd", "computes");
  const report = await callUntilReported(app, "/none", wanted);
  expect(report).toMatch(wanted);
  expect(report).toContain(`on ${availableParallelism()} cores`);
});

test("names the line that rejects when nobody handles it", async () => {
  app = await startApp("rejections", { args: ["listens"] });
  await app.call("/track");
  await app.call("/track");
  const report = await app.report();
  expect(report).toMatch(diagnosisAt("unhandled-rejection", "rejections", "rejects"));
  expect(report).toContain('rejected twice and nobody handled it ("the log is full")');
});

test("finds nothing where all is done in its right place", async () => {
  app = await startApp("healthy");
  const { call } = app;
  const paths = ["/hash", "/wait", "/key", "/file", "/sleep", "/lookup", "/rejected"];
  for (let round = 0; round < 3; round++) {
    await Promise.all(paths.map((path) => call(path)));
  }
  const report = await app.report();
  expect(report).toMatch(
    /^unblock diagnose: nothing found in \S+ \w+ \(learn\/diagnose\/apps\/healthy\.ts, process \d+\)\n$/,
  );
});
