import { createUnblockClient } from "@unblock/client/client";
import { serveAnalytics, type TestAnalytics } from "@unblock/test/analytics";
import { patience } from "@unblock/test/job-queue";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { startServerProcess, type TestServerProcess } from "@unblock/test/server-process";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

const names = Array.from({ length: 50 }, (_, index) => `event ${index + 1}`);

describe.skipIf(!hasRedis())("TrackEvent by queue (skipped without redis-server)", () => {
  let redis: TestRedis;
  let analytics: TestAnalytics;
  let server: TestServerProcess;
  const workers: WorkerProcess[] = [];
  beforeAll(async () => {
    // With everysec, an event that was accepted may not be in the file of a Redis that is killed.
    redis = await startRedis({ fsync: "always" });
  });
  beforeEach(async () => {
    await redis.command("FLUSHALL");
    analytics = await serveAnalytics();
    const flags = ["--analytics-url", analytics.url];
    server = await startServerProcess(flags, { REDIS_URL: redis.url });
  });
  afterEach(async () => {
    await Promise.all([...workers.splice(0).map((worker) => worker.kill()), server.kill()]);
    await analytics.close();
  });
  afterAll(() => redis.close());

  const startWorker = async () => {
    const worker = await startWorkerProcess(redis.url);
    workers.push(worker);
    return worker;
  };
  /** Resolves when the event was accepted. */
  const track = async (event: string, strategy: string, key?: string) => {
    const responseHeaders = Promise.withResolvers<Headers>();
    const { status } = await createUnblockClient({ baseUrl: server.url }).trackEvent(
      { event, userId: 1 },
      {
        headers: {
          "unblock-strategy": strategy,
          ...(key === undefined ? {} : { "idempotency-key": key }),
        },
        onHeader: responseHeaders.resolve,
      },
    );
    expect(status).toBe("accepted");
    return responseHeaders.promise;
  };
  const trackAll = (strategy: string) => Promise.all(names.map((name) => track(name, strategy)));
  const arrived = () => [...new Set(analytics.events)].sort();
  const untilAllArrived = async () => {
    await vi.waitUntil(() => arrived().length === names.length, patience);
    expect(arrived()).toEqual(names.toSorted());
  };

  test("reports where the event is stored", async () => {
    const headers = await track("x", "queue");
    expect(headers.get("unblock-stored-in")).toBe("redis");
    expect(headers.get("unblock-ran-on")).toMatch(/^queue;pid=\d+$/);
    expect((await track("x", "background")).get("unblock-stored-in")).toBe("memory");
  });

  test("accepts without a worker; every event arrives once there is one", async () => {
    await trackAll("queue");
    expect(analytics.events).toEqual([]);
    await startWorker();
    await untilAllArrived();
    expect(analytics.events).toHaveLength(names.length);
  });

  test("an event with a key is sent once, however often it is accepted", async () => {
    await Promise.all([1, 2, 3].map(() => track("once", "queue", "key-1")));
    await startWorker();
    await track("last", "queue");
    await vi.waitUntil(() => analytics.events.includes("last"), patience);
    expect(analytics.events).toEqual(["once", "last"]);
  });

  test("the server killed right after it accepted: every event arrives", async () => {
    await trackAll("queue");
    await server.kill();
    await startWorker();
    await untilAllArrived();
  });

  test("Redis killed right after the server accepted: every event arrives", async () => {
    await trackAll("queue");
    await redis.kill();
    await redis.start();
    await startWorker();
    await untilAllArrived();
  });

  test("server, Redis and the worker killed while they are sent: every event arrives", async () => {
    analytics.hold();
    const worker = await startWorker();
    await trackAll("queue");
    await vi.waitUntil(() => analytics.events.length > 0, patience);
    await Promise.all([worker.kill(), server.kill(), redis.kill()]);
    analytics.answer();
    await redis.start();
    await startWorker();
    await untilAllArrived();
  });

  test("analytics away for a while: every event arrives when it is back", async () => {
    analytics.failing = true;
    const worker = await startWorker();
    await trackAll("queue");
    await vi.waitUntil(() => worker.said().includes("attempt 2 of 10"), patience);
    analytics.failing = false;
    await untilAllArrived();
  });

  // The reason for `queue`: the same test with `background`.
  test("background: what waits in the memory of a server that is killed is lost", async () => {
    analytics.hold();
    // More than are sent at once.
    await Promise.all([...names, ...names].map((name) => track(name, "background")));
    await vi.waitUntil(() => analytics.events.length === 64, patience);
    await server.kill();
    analytics.answer();
    // All 100 were accepted, and nobody is left who could send the other 36.
    expect(analytics.events).toHaveLength(64);
  });
});
