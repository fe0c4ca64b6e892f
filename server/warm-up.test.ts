import { createUnblockClient } from "@unblock/client/client";
import { Failure } from "@unblock/errors/failure";
import type { Resources } from "@unblock/exercises/exercise";
import { exerciseOf } from "@unblock/proto/exercises";
import { freePort } from "@unblock/test/listen";
import { descendantsOf, isAlive } from "@unblock/test/processes";
import { createGate, noCaller, openGate, tasks } from "@unblock/test/tasks";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterEach, describe, expect, test, vi } from "vitest";

const small = { blockingThreads: 3, cpuWorkers: 2, processes: 1, warmUp: true };
const waitOptions = { timeout: 20_000, interval: 20 };

/** An exercise that computes, with this warm-up of its executors. */
const warmedUpBy =
  (warmUp: (resources: Resources) => Promise<unknown>) => async (resources: Resources) => [
    {
      exercise: exerciseOf("C"),
      handler: { validate: () => [], strategies: {}, warmUp: () => warmUp(resources) },
    },
  ];

async function answers(port: number): Promise<boolean> {
  const url = `http://127.0.0.1:${port}/grpc.health.v1.Health/Check`;
  const headers = { "content-type": "application/json" };
  const init = { method: "POST", headers, body: "{}" };
  const health = await fetch(url, init).then(
    (response) => response.text(),
    () => "nobody listens",
  );
  return health.includes('"SERVING"');
}

describe("a server that starts", () => {
  let server: TestServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  test("responds only after every thread has done its task", async () => {
    const port = await freePort();
    const gate = createGate();
    const arrived = createGate();
    const starting = startTestServer({
      ...small,
      port,
      loadExercises: warmedUpBy(({ executors }) =>
        Promise.all(
          [executors.blockingPool, executors.cpuPool].map((executor) =>
            executor.warmUp(tasks.arriveAndWait, { arrived, gate }),
          ),
        ),
      ),
    });
    await vi.waitUntil(() => Atomics.load(arrived, 0) === 5, waitOptions);
    expect(await answers(port)).toBe(false);
    openGate(gate);
    server = await starting;
    expect(await answers(port)).toBe(true);
  });

  test("fails when its warm-up does, and does not listen", async () => {
    const port = await freePort();
    const failing = startTestServer({
      ...small,
      port,
      loadExercises: warmedUpBy(async () => {
        throw new Failure("UNBLOCK_BACKEND_STATUS", { backend: "database", status: 503 });
      }),
    });
    await expect(failing).rejects.toMatchObject({
      cause: { code: "UNBLOCK_BACKEND_STATUS", data: { backend: "database", status: 503 } },
    });
    expect(await answers(port)).toBe(false);
  });

  test("leaves no process behind when its exercises can't be loaded", async () => {
    const before = descendantsOf(process.pid);
    let started: number[] = [];
    const starting = startTestServer({
      ...small,
      loadExercises: async ({ executors }) => {
        await executors.processes.run(tasks.double, 1, noCaller);
        started = descendantsOf(process.pid).filter((pid) => !before.includes(pid));
        throw new Error("broken");
      },
    });
    await expect(starting).rejects.toThrow("broken");
    expect(started).not.toEqual([]);
    await vi.waitUntil(() => !started.some(isAlive), waitOptions);
  });

  test("fails when a thread can't do its task", async () => {
    const failing = startTestServer({
      ...small,
      loadExercises: warmedUpBy(({ executors }) => executors.cpuPool.warmUp(tasks.exit, 1)),
    });
    await expect(failing).rejects.toMatchObject({
      cause: { code: "UNBLOCK_TASK_LOST", data: { task: "exit" } },
    });
  });

  test("has warmed up its calls, and counts none of them", async () => {
    const started = await startTestServer(small);
    server = started;
    const executors = [
      "event-loop",
      "libuv",
      "blocking-pool",
      "cpu-pool",
      "processes",
      "background",
    ];
    const counted = await Promise.all(
      executors.map(async (name) => {
        const { completed, failed, rejected, cancelled, maxRunning } = await started.executor(name);
        return completed + failed + rejected + cancelled + maxRunning;
      }),
    );
    expect(counted).toEqual(executors.map(() => 0));
    const backends = ["database", "cache", "slow disk", "weather", "services", "analytics"];
    const calls = await Promise.all(
      backends.map(async (name) => (await started.backend(name)).calls),
    );
    expect(calls).toEqual(backends.map(() => 0));
    const metrics = await (await fetch(`${started.url}/metrics`)).text();
    expect(metrics).not.toMatch(/handled_total\{.*ExercisesService/);
    expect(server.logged).toEqual([]);

    const client = createUnblockClient({ baseUrl: server.url });
    expect((await client.getUser({ userId: 1 })).name).toBe("User 1");
    expect((await server.executor("blocking-pool")).completed).toBe(1);
    expect((await server.backend("database")).calls).toBe(1);
  });

  test("starts also when it has no room for its warm-up calls", async () => {
    server = await startTestServer({
      ...small,
      blockingThreads: 1,
      maxQueue: 1,
      maxCalls: 1,
      maxTimeoutMs: 1,
    });
    expect(server.logged).toEqual([]);
  });
});
