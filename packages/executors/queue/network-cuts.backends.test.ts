import { serveAnalytics, type TestAnalytics } from "@unblock/test/analytics";
import { patience, untilJobs, untilOk } from "@unblock/test/job-queue";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { type Relay, startRelay } from "@unblock/test/relay";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { Queue } from "bullmq";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connectRedis, type RedisConnection } from "./connection.ts";
import { eventsQueue } from "./protocol.ts";

describe.skipIf(!hasRedis())("a cut between a server and its Redis (skipped without it)", () => {
  let redis: TestRedis;
  let analytics: TestAnalytics;
  let relay: Relay;
  let server: TestServer;
  let connection: RedisConnection;
  let events: Queue;
  let worker: WorkerProcess | undefined;
  beforeEach(async () => {
    redis = await startRedis();
    analytics = await serveAnalytics();
    relay = await startRelay(redis.port);
    server = await startTestServer({
      redisUrl: `redis://127.0.0.1:${relay.port}`,
      analyticsUrl: analytics.url,
    });
    // A direct connection, without the relay.
    connection = connectRedis({ url: redis.url, log: () => {} });
    events = new Queue(eventsQueue, { connection: connection.client });
    await untilOk(() => track("first", "warm-up"));
  });
  afterEach(async () => {
    relay.release();
    await worker?.kill();
    worker = undefined;
    await server.close();
    connection.close();
    await relay.close();
    await analytics.close();
    await redis.close();
  });

  const track = (event: string, idempotencyKey?: string) =>
    server.call(
      "TrackEvent",
      { event, user_id: 1 },
      { strategy: "queue", ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
    );
  const hash = (data: string, rounds = 1) =>
    server.call("ComputeHash", { data, rounds }, { strategy: "queue" });
  /** Redis replies in order, so the server has the replies to all that it asked before. */
  const untilReplied = async () =>
    expect(await track("first", "warm-up")).toMatchObject({ code: "ok" });
  const startWorker = async () => {
    worker = await startWorkerProcess(redis.url);
  };
  /** Log lines except those of calls. */
  const reported = () => server.logged.filter((line) => line.startsWith("Redis may have accepted"));
  /** Jobs that were cancelled before they arrived. */
  const cancelled = async () => {
    const keys = String(await redis.command("KEYS", "bull:unblock-events:????????-*")).split(",");
    const types = await Promise.all(keys.map((key) => redis.command("TYPE", key)));
    return types.filter((type) => type === "string");
  };
  /** Whatever else was added comes before it. */
  const untilArrived = async (event: string) => {
    await startWorker();
    await untilOk(() => track(event));
    await vi.waitUntil(() => analytics.events.includes(event), patience);
  };

  test("cancels an event that Redis took without a reply", async () => {
    relay.holdAnswers();
    expect(await track("lost")).toMatchObject({ code: "unavailable" });
    // Redis gets the cancellation while none of its replies arrive.
    await untilJobs(redis, "wait", 1, eventsQueue);
    relay.release();
    await untilArrived("next");
    expect(analytics.events).toEqual(["first", "next"]);
    expect(reported()).toEqual([]);
  });

  test("an event whose connection is cut before the reply is cancelled", async () => {
    relay.holdAnswers();
    const call = track("lost");
    await untilJobs(redis, "wait", 2, eventsQueue);
    relay.cut();
    expect(await call).toMatchObject({ code: "unavailable" });
    await untilJobs(redis, "wait", 1, eventsQueue);
    await untilArrived("next");
    expect(analytics.events).toEqual(["first", "next"]);
  });

  test("an event that reaches Redis only after its cancellation is not added", async () => {
    relay.holdRequests();
    expect(await track("late")).toMatchObject({ code: "unavailable" });
    relay.cutCallers();
    // The server's new connection is ready and has cancelled the jobs that never arrived.
    await untilOk(() => track("after"));
    await vi.waitUntil(async () => (await cancelled()).length === 1, patience);
    relay.release();
    await untilArrived("next");
    expect(analytics.events.toSorted()).toEqual(["after", "first", "next"]);
  });

  test("reports an event that could not be cancelled because a worker has started it", async () => {
    analytics.hold();
    await startWorker();
    await vi.waitUntil(() => analytics.events.includes("first"), patience);
    relay.holdAnswers();
    const call = track("sent all the same");
    await vi.waitUntil(() => analytics.events.includes("sent all the same"), patience);
    expect(await call).toMatchObject({ code: "unavailable" });
    const [job] = (await events.getActive()).filter(
      ({ data }) => data.input.event === "sent all the same",
    );
    relay.release();
    await vi.waitUntil(() => reported().length > 0, patience);
    expect(reported()).toEqual([expect.stringMatching(/: [\w-]{36}\.$/)]);
    expect(reported()[0]).toContain(job?.id);
    analytics.answer();
  });

  test("an event with a key is not cancelled: the repeated call finds it", async () => {
    relay.holdAnswers();
    expect(await track("kept", "key-of-it")).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_JOB_UNCERTAIN",
    });
    relay.cut();
    await untilOk(() => track("kept", "key-of-it"));
    await untilArrived("next");
    expect(analytics.events).toEqual(["first", "kept", "next"]);
  });

  test("a computation whose connection is cut gets its result over another", async () => {
    await startWorker();
    const call = hash("survives", 1_000_000);
    await untilJobs(redis, "active", 1);
    await untilReplied();
    relay.cut();
    expect(await call).toMatchObject({ code: "ok" });
  });

  test("a computation without news for ten seconds is cancelled if it still waits", async () => {
    const call = hash("forsaken");
    await untilJobs(redis, "prioritized", 1);
    await untilReplied();
    relay.holdAnswers();
    expect(await call).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_JOB_UNHEARD",
    });
    await untilJobs(redis, "prioritized", 0);
  });
});

describe.skipIf(!hasRedis())(
  "connections that are cut at the first question (skipped without redis)",
  () => {
    let redis: TestRedis;
    let relay: Relay;
    beforeEach(async () => {
      redis = await startRedis();
      relay = await startRelay(redis.port);
      relay.cutAt("\r\nINFO\r\n");
    });
    afterEach(async () => {
      await relay.close();
      await redis.close();
    });
    const behindRelay = () => `redis://127.0.0.1:${relay.port}`;
    const hash = (server: TestServer) =>
      server.call("ComputeHash", { data: "x", rounds: 1 }, { strategy: "queue", timeoutMs: 3_000 });
    const untilDone = (server: TestServer) => untilOk(() => hash(server));

    test("leave a worker that takes jobs", async () => {
      const worker = await startWorkerProcess(behindRelay());
      const server = await startTestServer({ redisUrl: redis.url });
      await untilDone(server);
      await worker.kill();
      await server.close();
    });

    test("leave a server that adds jobs and gets their results", async () => {
      const worker = await startWorkerProcess(redis.url);
      const server = await startTestServer({ redisUrl: behindRelay() });
      await untilDone(server);
      await worker.kill();
      await server.close();
    });
  },
);
