import { serveAnalytics, type TestAnalytics } from "@unblock/test/analytics";
import { patience } from "@unblock/test/job-queue";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { Queue, UnrecoverableError, Worker } from "bullmq";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { connectRedis, type RedisConnection } from "./connection.ts";
import { computeQueue, eventsQueue, type JobData } from "./protocol.ts";

const hourMs = 3_600_000;
/** More jobs than the number that a server once kept, which made it forget earlier keys. */
const others = 1_100;

describe.skipIf(!hasRedis())("an idempotency key (skipped without redis-server)", () => {
  let redis: TestRedis;
  let analytics: TestAnalytics;
  let server: TestServer;
  let connection: RedisConnection;
  const workers: WorkerProcess[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    connection = connectRedis({ url: redis.url, log: () => {} });
  });
  beforeEach(async () => {
    await redis.command("FLUSHALL");
    analytics = await serveAnalytics();
    server = await startServer();
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.kill()));
    await server.close();
    await analytics.close();
  });
  afterAll(async () => {
    connection.close();
    await redis.close();
  });

  const startServer = () =>
    startTestServer({
      maxQueue: 10_000,
      redisUrl: redis.url,
      analyticsUrl: analytics.url,
    });
  const startWorker = async () => {
    workers.push(await startWorkerProcess(redis.url));
  };
  const withKey = (key?: string) => ({
    strategy: "queue",
    ...(key === undefined ? {} : { idempotencyKey: key }),
  });
  const track = (event: string, key?: string, from = server) =>
    from.call("TrackEvent", { event, user_id: 1 }, withKey(key));
  const hash = (data: string, key?: string, from = server, rounds = 1) =>
    from.call("ComputeHash", { data, rounds }, withKey(key));
  const keysOf = async (pattern: string) => {
    const keys = await redis.command("KEYS", pattern);
    return Array.isArray(keys) ? keys.map(String) : [];
  };
  const sendOthers = async () => {
    await Promise.all(Array.from({ length: others }, (_, n) => track(`other ${n}`)));
    await vi.waitUntil(() => analytics.events.length > others, patience);
  };
  /** Makes all jobs of a queue fail for good, as after ten attempts over four minutes. */
  const failAll = async (name: string, count: number) => {
    const queue = new Queue<JobData>(name, { connection: connection.client });
    const failing = new Worker<JobData>(
      name,
      async () => {
        throw new UnrecoverableError("nobody is there");
      },
      { connection: connection.client },
    );
    await vi.waitUntil(async () => (await queue.getFailedCount()) === count, patience);
    await failing.close();
  };
  /** Removes BullMQ's records of finished jobs, as it does after half a minute. */
  const removeRecords = async (name: string) => {
    const queue = new Queue<JobData>(name, { connection: connection.client });
    await vi.waitUntil(async () => (await queue.getActiveCount()) === 0, patience);
    const done = await queue.getCompleted();
    expect(done.length).toBeGreaterThan(0);
    for (const { id = "" } of done) {
      await redis.command("DEL", `bull:${name}:${id}`);
      await redis.command("ZREM", `bull:${name}:completed`, id);
    }
  };

  test(`of an event is known after ${others} others`, async () => {
    await startWorker();
    await track("once", "a-key");
    await sendOthers();
    expect(await track("once", "a-key")).toMatchObject({ code: "ok" });
    await track("last");
    await vi.waitUntil(() => analytics.events.includes("last"), patience);
    expect(analytics.events.filter((event) => event === "once")).toHaveLength(1);
  });

  test("of an event is known for an hour after it was sent, without the job's record", async () => {
    await startWorker();
    await track("once", "a-key");
    await vi.waitUntil(() => analytics.events.includes("once"), patience);
    await removeRecords(eventsQueue);
    expect(await keysOf("bull:unblock-events:*.*")).toEqual([]);
    const [key = ""] = await keysOf("bull:unblock-events:de:*");
    const left = Number(await redis.command("PTTL", key));
    expect(left).toBeGreaterThan(hourMs - 60_000);
    expect(left).toBeLessThanOrEqual(hourMs);
    expect(await track("once", "a-key")).toMatchObject({ code: "ok" });
    await track("last");
    await vi.waitUntil(() => analytics.events.includes("last"), patience);
    expect(analytics.events).toEqual(["once", "last"]);
  });

  test("of a computation has its result for an hour, without the job's record", async () => {
    await startWorker();
    const first = await hash("same", "a-key");
    await removeRecords(computeQueue);
    expect(await keysOf("bull:unblock-compute:*.*")).toEqual([]);
    const [outcome = ""] = await keysOf("unblock:outcome:*");
    expect(Number(await redis.command("PTTL", outcome))).toBeGreaterThan(hourMs - 60_000);
    const again = await hash("same", "a-key");
    // The same thread as before: the work was not repeated.
    expect(again).toMatchObject({ code: "ok", body: first.body, slot: first.slot });
    expect(await keysOf("bull:unblock-compute:*.*")).toEqual([]);
  });

  test("of a job that waits lives on, however long it waits", async () => {
    await track("waits", "a-key");
    const [key = ""] = await keysOf("bull:unblock-events:de:*");
    expect(Number(await redis.command("PTTL", key))).toBeGreaterThan(24 * hourMs);
  });

  test("of an event that failed: the repeated call sends it", async () => {
    await track("failed", "a-key");
    await failAll(eventsQueue, 1);
    expect(await track("failed", "a-key")).toMatchObject({ code: "ok" });
    await startWorker();
    await vi.waitUntil(() => analytics.events.includes("failed"), patience);
    await track("last");
    await vi.waitUntil(() => analytics.events.includes("last"), patience);
    expect(analytics.events).toEqual(["failed", "last"]);
  });

  test("of an event that failed: ten calls at once send it once", async () => {
    await track("failed", "a-key");
    await failAll(eventsQueue, 1);
    const calls = await Promise.all(Array.from({ length: 10 }, () => track("failed", "a-key")));
    expect(calls.map(({ code }) => code)).toEqual(calls.map(() => "ok"));
    await startWorker();
    await vi.waitUntil(() => analytics.events.includes("failed"), patience);
    await track("last");
    await vi.waitUntil(() => analytics.events.includes("last"), patience);
    expect(analytics.events).toEqual(["failed", "last"]);
  });

  test("of a computation that failed: the repeated call does it again", async () => {
    const failed = hash("again", "a-key");
    await failAll(computeQueue, 1);
    expect(await failed).toMatchObject({ code: "unavailable" });
    await startWorker();
    expect(await hash("again", "a-key")).toMatchObject({ code: "ok" });
  });

  test("of a computation whose failure was forgotten: the repeated call does it again", async () => {
    const failed = hash("again", "a-key");
    await failAll(computeQueue, 1);
    expect(await failed).toMatchObject({ code: "unavailable" });
    const [record = ""] = await keysOf("bull:unblock-compute:*.*");
    await redis.command("DEL", record);
    await redis.command("DEL", "bull:unblock-compute:failed");
    await startWorker();
    const calls = await Promise.all([1, 2, 3].map(() => hash("again", "a-key")));
    expect(calls.map(({ code }) => code)).toEqual(["ok", "ok", "ok"]);
    expect(await keysOf("bull:unblock-compute:*.*")).toHaveLength(1);
  });

  test("that comes with another event is rejected", async () => {
    await track("first", "a-key");
    expect(await track("second", "a-key")).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_IDEMPOTENCY_KEY_REUSED",
    });
    await startWorker();
    await track("last");
    await vi.waitUntil(() => analytics.events.includes("last"), patience);
    expect(analytics.events).toEqual(["first", "last"]);
  });

  test("means the same at another server with another speed and other backends", async () => {
    await startWorker();
    const other = await startTestServer({
      redisUrl: redis.url,
    });
    // The number of rounds that take 100 ms, which differs between servers.
    const [one, two] = [await hash("x", "a-key", server, 0), await hash("x", "a-key", other, 0)];
    expect(one).toMatchObject({ code: "ok" });
    expect(two).toMatchObject({ code: "ok", body: one.body });
    expect(await track("once", "a-key", server)).toMatchObject({ code: "ok" });
    expect(await track("once", "a-key", other)).toMatchObject({ code: "ok" });
    await other.close();
  });
});
