import { spawn } from "node:child_process";
import { access, readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { task } from "@unblock/executors/executor";
import { createThreadPool } from "@unblock/executors/thread-pool";
import { readConfigBlocking } from "@unblock/exercises/get-config/work";
import { fireAtOnce } from "@unblock/test/burst";
import { noCaller } from "@unblock/test/tasks";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openEmbeddedBackends } from "./embedded.ts";

const readTask = task(
  new URL(import.meta.resolve("@unblock/exercises/get-config/work")).href,
  readConfigBlocking,
);

describe("when the backend process dies", () => {
  let server: TestServer;
  let deaths = 0;
  beforeAll(async () => {
    server = await startTestServer({ blockingThreads: 3 });
  });
  afterAll(() => server.close());

  test.each([
    ["GetWeather", { city: "london" }, "async", "weather"],
    ["GetWeather", { city: "london" }, "blocking-pool", "weather"],
    ["GetDashboard", {}, "parallel", "service-"],
    ["GetConfig", {}, "libuv", "slow disk"],
    ["GetCache", { key: "key1" }, "async", "cache"],
    ["PredictImage", { image_url: "http://example.com/img.jpg" }, "cpu-pool", "images"],
    ["TrackEvent", { event: "page_view", user_id: 1 }, "await", "analytics"],
  ])(
    "%s %j with %s says that %s is gone, and works again",
    async (rpc, request, strategy, name) => {
      const { pid } = await server.backend("weather");
      // A stopped process does not respond, so every call is still in progress when it dies.
      process.kill(pid, "SIGSTOP");
      const calls = fireAtOnce(server, { rpc, strategy, calls: 3, request: () => request });
      // Frames of one connection are served in order: after the ping's response, the calls have
      // started.
      await server.call("Ping", {});
      process.kill(pid, "SIGKILL");
      for (const reply of await calls) {
        expect(reply).toMatchObject({
          code: "unavailable",
          error: "UNBLOCK_BACKEND_UNAVAILABLE",
          data: { backend: expect.stringContaining(name) },
        });
      }
      await vi.waitFor(async () => {
        expect(await server.call(rpc, request, { strategy })).toMatchObject({ code: "ok" });
      }, 10_000);
      expect(server.logged.filter((line) => line.includes("SIGKILL"))).toHaveLength(++deaths);
    },
  );
});

describe("a slow disk that dies", () => {
  test("frees a reader that waits for a writer, and the next read works", async () => {
    const backends = await openEmbeddedBackends({ imageHosts: {}, log: () => {} });
    const pool = createThreadPool("blocking-pool", 1, 10);
    const { disk, configFile } = backends.addresses();
    const pid = (await backends.counts()).counts.find(({ name }) => name === "slow disk")?.pid ?? 0;
    // A stopped process writes nothing, so the reader stays blocked.
    process.kill(pid, "SIGSTOP");
    const read = pool.run(readTask, { disk, configFile }, noCaller);
    await vi.waitUntil(() => pool.vitals().running === 1);
    process.kill(pid, "SIGKILL");
    await expect(read).rejects.toMatchObject({
      code: "UNBLOCK_BACKEND_UNAVAILABLE",
      data: { backend: "slow disk" },
    });
    await vi.waitUntil(() => backends.addresses().disk.folder !== disk.folder, 10_000);
    const { value } = await pool.run(readTask, backends.addresses(), noCaller);
    expect(value).toEqual({ settingA: "value1", settingB: "value2" });
    await pool.close();
    await backends.close();
  });

  test("frees even the server's own blocked thread", async () => {
    const server = await startTestServer();
    const { pid } = await server.backend("slow disk");
    process.kill(pid, "SIGSTOP");
    // The read blocks this process, so another one has to kill.
    spawn("sh", ["-c", `sleep 0.5; kill -KILL ${pid}`]);
    expect(await server.call("GetConfig", {}, { strategy: "event-loop" })).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_BACKEND_UNAVAILABLE",
      data: { backend: "slow disk" },
    });
    await server.close();
  });

  test("leaves nothing behind when it closes", async () => {
    const backends = await openEmbeddedBackends({ imageHosts: {}, log: () => {} });
    const folder = dirname(backends.addresses().database.path);
    expect(await readdir(folder)).toContain("users.db");
    await backends.close();
    await expect(access(folder)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("the embedded backends", () => {
  test.each([0, 5, 10, 20, 50])("close also %i ms after they died", async (ms) => {
    const backends = await openEmbeddedBackends({ imageHosts: {}, log: () => {} });
    const folder = dirname(backends.addresses().database.path);
    const { counts } = await backends.counts();
    const [, { pid } = { pid: 0 }] = counts;
    process.kill(pid, "SIGKILL");
    await setTimeout(ms);
    await backends.close();
    await expect(access(folder)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
