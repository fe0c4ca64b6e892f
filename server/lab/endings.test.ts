import { Code } from "@connectrpc/connect";
import { createLabClient } from "@unblock/client/client";
import { temporaryFolder } from "@unblock/test/folder";
import { type BegunRun, beginRun, drain, firingOf } from "@unblock/test/lab";
import { isAlive } from "@unblock/test/processes";
import { startServerProcess, type TestServerProcess } from "@unblock/test/server-process";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder: string;
let server: TestServerProcess;
let run: BegunRun;
let firing: number;
beforeEach(async () => {
  folder = temporaryFolder();
  server = await startServerProcess(["--runs-folder", folder]);
  run = await beginRun({ lab: createLabClient({ baseUrl: server.url }) }, "load");
  [firing = 0] = firingOf(server.child.pid);
});
afterEach(async () => {
  await server.kill();
});

test("a run ends with its server, even when that is killed", async () => {
  expect(isAlive(firing)).toBe(true);
  await server.kill();
  await expect(drain(run)).rejects.toThrow();
  await vi.waitUntil(() => !isAlive(firing), { timeout: 20_000, interval: 20 });
});

test("a run does not keep its server from stopping, and reports why it ended", async () => {
  server.child.kill("SIGTERM");
  await expect(drain(run)).rejects.toMatchObject({ code: Code.Unavailable });
  expect(await server.exited).toBe(0);
  expect(isAlive(firing)).toBe(false);
});
