import { createHash } from "node:crypto";
import { createUnblockClient } from "@unblock/client/client";
import { connectRedis } from "@unblock/executors/queue/connection";
import { computeQueue, type JobData } from "@unblock/executors/queue/protocol";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { Queue } from "bullmq";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

const maxQueue = 4;

describe.skipIf(!hasRedis())("ComputeHash by queue (skipped without redis-server)", () => {
  let redis: TestRedis;
  let server: TestServer;
  let queue: Queue<JobData>;
  let disconnect: () => void;
  const workers: WorkerProcess[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    server = await startTestServer({ maxQueue, redisUrl: redis.url });
    const connection = connectRedis({ url: redis.url, log: () => {} });
    queue = new Queue(computeQueue, { connection: connection.client });
    queue.on("error", () => {});
    disconnect = connection.close;
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.kill()));
    await queue.obliterate({ force: true });
  });
  afterAll(async () => {
    disconnect();
    await server.close();
    await redis.close();
  });

  const startWorker = async () => {
    const worker = await startWorkerProcess(redis.url);
    workers.push(worker);
    return worker;
  };
  const hash = (data: string, rounds: number, options = {}) =>
    server.call("ComputeHash", { data, rounds }, { strategy: "queue", ...options });
  const waiting = () => queue.getJobCountByTypes("waiting", "prioritized");
  const untilWaiting = (count: number) =>
    vi.waitUntil(async () => (await waiting()) === count, { timeout: 20_000, interval: 20 });

  test("is computed by a worker, which reports where", async () => {
    const worker = await startWorker();
    const { body, executor, slot, headers } = await hash("test", 1);
    expect(body).toEqual({
      hash: createHash("sha256").update("test").digest("hex"),
      algorithm: "sha256",
    });
    expect(executor).toBe("queue");
    expect(slot).toMatch(new RegExp(`^${worker.pid}/[1-9]`));
    expect(headers.get("server-timing")).toMatch(/^queue;dur=[\d.]+, work;dur=[\d.]+$/);
    expect(Number(headers.get("unblock-cpu-ms"))).toBeGreaterThan(0);
  });

  test("is shared by all workers", async () => {
    const [one, two] = [await startWorker(), await startWorker()];
    const pids = new Set<string | undefined>();
    await vi.waitUntil(
      async () => {
        const replies = await Promise.all([1, 2, 3].map((n) => hash(`shared ${n}`, 50_000)));
        for (const { slot } of replies) {
          pids.add(slot?.split("/")[0]);
        }
        return pids.size === 2;
      },
      { timeout: 20_000 },
    );
    expect(pids).toEqual(new Set([String(one.pid), String(two.pid)]));
  });

  test("is not computed after its caller's deadline", async () => {
    expect(await hash("late", 1, { timeoutMs: 300 })).toMatchObject({ code: "deadline_exceeded" });
    await untilWaiting(0);
    await startWorker();
    await hash("next", 1);
    expect(await queue.getCompletedCount()).toBe(1);
  });

  test("is cancelled when its client disconnects", async () => {
    const caller = new AbortController();
    const call = hash("gone", 1, { signal: caller.signal });
    await untilWaiting(1);
    caller.abort();
    expect(await call).toMatchObject({ code: "canceled" });
    await untilWaiting(0);
  });

  test("short ones run before earlier long ones", async () => {
    const ended: string[] = [];
    const calls = [
      ["long", 2_000_000],
      ["medium", 200_000],
      ["short", 1],
    ].map(async ([name, rounds], index) => {
      await untilWaiting(index);
      const { code } = await hash(String(name), Number(rounds));
      ended.push(`${name} ${code}`);
    });
    await untilWaiting(3);
    await startWorker();
    await Promise.all(calls);
    expect(ended).toEqual(["short ok", "medium ok", "long ok"]);
  });

  test("is rejected while the queue is full, and accepted afterwards", async () => {
    const calls = Array.from({ length: maxQueue - 1 }, (_, n) => hash(`waits ${n}`, 1));
    await untilWaiting(maxQueue - 1);
    // Rejected by this server's executor, which reserves slots for other connections.
    expect(await hash("too many", 1)).toMatchObject({
      code: "resource_exhausted",
      error: "UNBLOCK_SHARE_USED",
      data: { own: "3", room: "4" },
    });
    const another = createUnblockClient({ baseUrl: server.url });
    const header = { "unblock-strategy": "queue" };
    const anothers = another.computeHash({ data: "waits too", rounds: 1 }, { headers: header });
    await untilWaiting(maxQueue);
    expect(await hash("too many", 1)).toMatchObject({
      code: "resource_exhausted",
      error: "UNBLOCK_QUEUE_FULL",
      data: { executor: "queue", running: "4", waiting: "0" },
    });
    // Rejected by the queue itself, whoever filled it.
    const other = await startTestServer({ maxQueue, redisUrl: redis.url });
    expect(
      await other.call("ComputeHash", { data: "x", rounds: 1 }, { strategy: "queue" }),
    ).toMatchObject({
      code: "resource_exhausted",
      error: "UNBLOCK_JOB_QUEUE_FULL",
      data: { waiting: "4" },
    });
    await other.close();
    expect(await waiting()).toBe(maxQueue);
    await startWorker();
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(calls.map(() => "ok"));
    expect(await anothers).toMatchObject({ algorithm: "sha256" });
    expect(await hash("now", 1)).toMatchObject({ code: "ok" });
  });

  describe("with an idempotency key", () => {
    test("two calls at once are one job, and both get a response", async () => {
      const idempotencyKey = "two-at-once";
      const calls = [1, 2].map(() => hash("same", 1, { idempotencyKey }));
      await untilWaiting(1);
      await startWorker();
      const [one, two] = await Promise.all(calls);
      expect(one).toMatchObject({ code: "ok" });
      expect(two?.body).toEqual(one?.body);
      expect(await queue.getCompletedCount()).toBe(1);
    });

    test("a later call gets the stored result", async () => {
      await startWorker();
      const idempotencyKey = "again:later";
      const first = await hash("same", 1, { idempotencyKey });
      const second = await hash("same", 1, { idempotencyKey });
      expect(first).toMatchObject({ code: "ok" });
      expect(second).toMatchObject({ code: "ok", body: first.body, slot: first.slot });
      expect(await queue.getCompletedCount()).toBe(1);
    });

    test("a cancelled call leaves the job to the others", async () => {
      const idempotencyKey = "shared";
      const patient = hash("same", 1, { idempotencyKey });
      await untilWaiting(1);
      const hasty = await hash("same", 1, { idempotencyKey, timeoutMs: 300 });
      expect(hasty).toMatchObject({ code: "deadline_exceeded" });
      await startWorker();
      expect(await patient).toMatchObject({ code: "ok" });
    });

    test("rejects another request with the same key", async () => {
      await startWorker();
      const idempotencyKey = "once";
      await hash("first", 1, { idempotencyKey });
      expect(await hash("second", 1, { idempotencyKey })).toMatchObject({
        code: "invalid_argument",
        error: "UNBLOCK_IDEMPOTENCY_KEY_REUSED",
      });
    });

    test.each(["", "x".repeat(201), "a b", "schlüssel"])("rejects %j", async (idempotencyKey) => {
      expect(await hash("x", 1, { idempotencyKey })).toMatchObject({
        code: "invalid_argument",
        error: "UNBLOCK_IDEMPOTENCY_KEY_INVALID",
      });
    });
  });

  test("a job that names other code runs nothing, and fails", async () => {
    const worker = await startWorker();
    const names = ["../../testing/tasks/add", "constructor", "compute-hash/calibrateRounds"];
    for (const task of names) {
      await queue.add("x", { task, input: {} }, { attempts: 1 });
    }
    await vi.waitUntil(async () => (await queue.getFailedCount()) === names.length, {
      timeout: 20_000,
    });
    const reasons = (await queue.getFailed()).map(({ failedReason }) => failedReason).sort();
    expect(reasons).toEqual(
      names
        .map(
          (name) =>
            "Expected a job for one of compute-hash/computeHash, predict-image/infer, track-event/sendEvent, " +
            `got ${JSON.stringify(name)}`,
        )
        .sort(),
    );
    expect(worker.said()).toContain("it is in the list of failed jobs");
  });
});
