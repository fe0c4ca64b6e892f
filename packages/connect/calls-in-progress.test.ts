import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "@bufbuild/protobuf";
import { createVitalsClient } from "@unblock/client/client";
import { exerciseOf } from "@unblock/proto/exercises";
import { temporaryFolder } from "@unblock/test/folder";
import { endedCalls, readMetrics, sampleValue } from "@unblock/test/metrics-page";
import { startTaskServer, type TaskServer } from "@unblock/test/task-server";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { post } from "@unblock/test/wire";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { http2Implementations } from "./listener/listener.ts";

const waitOptions = { timeout: 20_000, interval: 20 };
const small = { blockingThreads: 2 };

type End = (server: TestServer, request: JsonObject, strategy: string) => Promise<string>;

/** Ways in which a call ends for its caller before its work ends. */
const endings: [string, string, End][] = [
  [
    "ended at its deadline",
    "deadline_exceeded",
    async ({ url }, request, strategy) => {
      // A client with the deadline would cancel before the server's response.
      const headers = { "connect-timeout-ms": "100", "unblock-strategy": strategy };
      const path = "ExercisesService/ComputeHash";
      return JSON.parse((await post(url, path, JSON.stringify(request), headers)).text).code;
    },
  ],
  [
    "ended by its caller",
    "canceled",
    async (server, request, strategy) => {
      const signal = AbortSignal.timeout(100);
      return (await server.call("ComputeHash", request, { strategy, signal })).code;
    },
  ],
];

async function callsInProgress(url: string): Promise<number | undefined> {
  return sampleValue(await readMetrics(url), "unblock_calls_in_progress");
}

async function watchedCallsInProgress(url: string): Promise<number | undefined> {
  const caller = new AbortController();
  const looks = createVitalsClient({ baseUrl: url })
    .watchVitals({ intervalMs: 100 }, { signal: caller.signal })
    [Symbol.asyncIterator]();
  const { value } = await looks.next();
  caller.abort();
  return value?.callsInProgress;
}

describe.each(http2Implementations)("HTTP/2 of %s,", (http2) => {
  describe("a call whose thread continues to work", () => {
    let server: TaskServer;
    const folder = temporaryFolder();
    beforeAll(async () => {
      server = await startTaskServer({ ...small, http2, maxCalls: 1 });
    });
    afterAll(async () => {
      await server.close();
    });

    test.each(endings)("%s, counts until its work has ended", async (how, code, end) => {
      const before = await endedCalls(server.url);
      const file = join(folder, how);
      const data = JSON.stringify({ task: "waitForFile", input: file });
      expect(await end(server, { data }, "blocking-pool")).toBe(code);
      const label = `ComputeHash ${code}`;
      await vi.waitUntil(
        async () => (await endedCalls(server.url))[label] === (before[label] ?? 0) + 1,
        waitOptions,
      );
      expect((await server.executor("blocking-pool")).running).toBe(1);
      expect(await callsInProgress(server.url)).toBe(1);
      expect(await watchedCallsInProgress(server.url)).toBe(1);
      expect(await server.run("blocking-pool", "seven")).toMatchObject({
        code: "resource_exhausted",
      });
      writeFileSync(file, "");
      await vi.waitUntil(async () => (await callsInProgress(server.url)) === 0, waitOptions);
      expect(await server.run("blocking-pool", "seven")).toMatchObject({ code: "ok" });
      expect((await endedCalls(server.url))[label]).toBe((before[label] ?? 0) + 1);
    });
  });
});

describe("a call whose handler ignores the signal and succeeds later", () => {
  let server: TestServer;
  let gate = Promise.withResolvers<void>();
  beforeAll(async () => {
    const run = async () => {
      await gate.promise;
      const ranOn = { executor: "event-loop", pid: process.pid };
      return { value: { hash: "late" }, ranOn, beganMs: 0, timing: [] };
    };
    server = await startTestServer({
      ...small,
      loadExercises: async () => [
        {
          exercise: exerciseOf("C"),
          handler: { validate: () => [], strategies: { "event-loop": run } },
        },
      ],
    });
  });
  beforeEach(() => {
    gate = Promise.withResolvers();
  });
  afterAll(() => server.close());

  test.each(endings)("%s, is counted once, at the disconnect", async (_, code, end) => {
    const before = await endedCalls(server.url);
    expect(await end(server, { data: "x" }, "event-loop")).toBe(code);
    const counted = { ...before, [`ComputeHash ${code}`]: 1 };
    const ended = async () =>
      Object.fromEntries(
        Object.entries(await endedCalls(server.url)).filter(([call]) => call.startsWith("Compute")),
      );
    await vi.waitUntil(
      async () => Object.keys(await ended()).length > Object.keys(before).length,
      waitOptions,
    );
    expect(await ended()).toEqual(counted);
    expect(await callsInProgress(server.url)).toBe(1);
    gate.resolve();
    await vi.waitUntil(async () => (await callsInProgress(server.url)) === 0, waitOptions);
    expect(await ended()).toEqual(counted);
  });
});
