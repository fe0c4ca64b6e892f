import { setTimeout as sleep } from "node:timers/promises";
import { serveAnalytics } from "@unblock/test/analytics";
import { patience, untilJobs, untilOk } from "@unblock/test/job-queue";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

describe.skipIf(!hasRedis())("the job queue when its Redis (skipped without redis-server)", () => {
  let redis: TestRedis;
  let server: TestServer;
  let worker: WorkerProcess;
  beforeAll(async () => {
    // So that a killed Redis has every job that it was given.
    redis = await startRedis({ fsync: "always" });
    server = await startTestServer({ redisUrl: redis.url });
    worker = await startWorkerProcess(redis.url);
  });
  afterEach(() => redis.command("CONFIG", "SET", "maxmemory", "0"));
  afterAll(async () => {
    await worker.kill();
    await server.close();
    await redis.close();
  });

  const hash = (data: string, rounds = 1) =>
    server.call("ComputeHash", { data, rounds }, { strategy: "queue", timeoutMs: 20_000 });
  /** Redis replies in order, so the server has the replies to all that it asked before. */
  const untilReplied = async ({ call }: TestServer) =>
    expect(
      await call("TrackEvent", { event: "x", user_id: 1 }, { strategy: "queue" }),
    ).toMatchObject({ code: "ok" });
  const untilAnswered = () => untilOk(() => hash("again"));

  test("is stopped for five seconds: calls fail at once, and work when it is back", async () => {
    await untilAnswered();
    await redis.stop();
    await vi.waitUntil(() => server.logged.some((line) => line.includes(redis.url)), patience);
    for (let n = 0; n < 10; n++) {
      expect(await hash("meanwhile")).toMatchObject({
        code: "unavailable",
        error: "UNBLOCK_BACKEND_UNAVAILABLE",
        data: { backend: "job queue", reason: expect.stringContaining("ECONNREFUSED") },
      });
      await sleep(500);
    }
    await redis.start();
    await untilAnswered();
    // Once each, despite many attempts.
    expect(server.logged.filter((line) => line.startsWith("The Redis at"))).toEqual([
      expect.stringContaining(redis.url),
      expect.stringContaining(redis.url),
    ]);
  });

  test("is killed while a job runs: the caller gets its result", async () => {
    await untilAnswered();
    const call = hash("survives", 1_000_000);
    await untilJobs(redis, "active", 1);
    await untilReplied(server);
    await redis.kill();
    await redis.start();
    expect(await call).toMatchObject({ code: "ok" });
  });

  test("is slow to take a job: a cancelled call harms no other", async () => {
    await untilAnswered();
    // In the server's own process, which is this one: an unhandled rejection would end it.
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    await redis.command("CLIENT", "PAUSE", "1000", "ALL");
    const call = { strategy: "queue", timeoutMs: 100 };
    expect(await server.call("ComputeHash", { data: "early", rounds: 1 }, call)).toMatchObject({
      code: "deadline_exceeded",
    });
    await untilAnswered();
    process.off("unhandledRejection", onUnhandled);
    expect(unhandled).toEqual([]);
  });

  test("ends all connections (CLIENT KILL): the next calls work", async () => {
    await untilAnswered();
    await redis.command("CLIENT", "KILL", "TYPE", "normal");
    await untilAnswered();
  });

  test("has no memory left: jobs are rejected, and no accepted job is lost", async () => {
    const analytics = await serveAnalytics();
    const other = await startTestServer({
      redisUrl: redis.url,
      analyticsUrl: analytics.url,
    });
    const track = (event: string) =>
      other.call("TrackEvent", { event, user_id: 1 }, { strategy: "queue" });
    await untilOk(() => track("before"));
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    expect(await track("rejected")).toMatchObject({
      code: "resource_exhausted",
      error: "UNBLOCK_JOB_QUEUE_OUT_OF_MEMORY",
    });
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    expect(await track("after")).toMatchObject({ code: "ok" });
    await vi.waitUntil(() => analytics.events.includes("after"), patience);
    await vi.waitUntil(() => analytics.events.includes("before"), patience);
    expect(analytics.events).not.toContain("rejected");
    await other.close();
    await analytics.close();
  });

  test("has no memory left when a job ends: its caller gets the result, at the latest once there is some", async () => {
    await untilAnswered();
    const call = hash("ends in a full Redis", 1_000_000);
    await untilJobs(redis, "active", 1);
    await redis.command("CONFIG", "SET", "maxmemory", "1");
    // The job ends meanwhile: Redis takes the result now or later.
    await Promise.race([call, sleep(3_000)]);
    await redis.command("CONFIG", "SET", "maxmemory", "0");
    expect(await call).toMatchObject({ code: "ok" });
  });

  test("hangs: calls fail within seconds, and work when it continues", async () => {
    await untilAnswered();
    process.kill(redis.pid, "SIGSTOP");
    try {
      expect(await hash("stuck")).toMatchObject({
        code: "unavailable",
        error: "UNBLOCK_BACKEND_UNAVAILABLE",
        data: { backend: "job queue" },
      });
    } finally {
      process.kill(redis.pid, "SIGCONT");
    }
    await untilAnswered();
  });

  test("is a read-only replica: calls fail, and the log says so at the start", async () => {
    const replica = await startRedis({ replicaOf: redis });
    const other = await startTestServer({ redisUrl: replica.url });
    await vi.waitUntil(() => other.logged.length > 0, patience);
    expect(other.logged).toEqual([expect.stringContaining("read-only replica")]);
    expect(
      await other.call("TrackEvent", { event: "x", user_id: 1 }, { strategy: "queue" }),
    ).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_BACKEND_UNAVAILABLE",
      data: { backend: "job queue", reason: expect.stringContaining("replica") },
    });
    await other.close();
    await replica.close();
  });

  test("keeps nothing on disk and evicts: the log says so at the start", async () => {
    const forgetful = await startRedis({ durable: false });
    const other = await startTestServer({ redisUrl: forgetful.url });
    await vi.waitUntil(() => other.logged.length === 2, patience);
    expect(other.logged).toEqual([
      expect.stringContaining("--appendonly yes"),
      expect.stringContaining("--maxmemory-policy noeviction"),
    ]);
    await other.close();
    await forgetful.close();
  });

  describe("and a call without a deadline waits for its job", () => {
    let own: TestRedis;
    let other: TestServer;
    let call: ReturnType<TestServer["call"]>;
    beforeEach(async () => {
      own = await startRedis();
      other = await startTestServer({ redisUrl: own.url });
      // Without a worker, the job waits.
      call = other.call("ComputeHash", { data: "x", rounds: 1 }, { strategy: "queue" });
      await untilJobs(own, "prioritized", 1);
      await untilReplied(other);
    });
    afterEach(() => own.close());

    test("Redis goes away for good: the call fails after a while", async () => {
      await own.kill();
      expect(await call).toMatchObject({
        code: "unavailable",
        error: "UNBLOCK_JOB_UNHEARD",
      });
      await other.close();
    });

    test("Redis loses the job: the call fails", async () => {
      await own.command("FLUSHALL");
      expect(await call).toMatchObject({
        code: "unavailable",
        error: "UNBLOCK_JOB_LOST",
      });
      await other.close();
    });

    test("cancelling the call at shutdown removes the job from the queue", async () => {
      // This also closes the caller's connection.
      await other.close();
      expect(await call).toMatchObject({ code: "canceled" });
      expect(await own.command("ZCARD", "bull:unblock-compute:prioritized")).toBe(0);
    });
  });

  test("is missing at the start: the server serves anyway, and connects later", async () => {
    const late = await startRedis();
    await late.stop();
    const other = await startTestServer({ redisUrl: late.url });
    const track = () => other.call("TrackEvent", { event: "x", user_id: 1 }, { strategy: "queue" });
    expect(await track()).toMatchObject({ code: "unavailable" });
    expect(await other.call("TrackEvent", { event: "x", user_id: 1 })).toMatchObject({
      code: "ok",
    });
    await late.start();
    await untilOk(track);
    await other.close();
    await late.close();
  });
});
