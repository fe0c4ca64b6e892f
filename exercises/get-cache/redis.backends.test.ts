import { fireAtOnce, fireUntilOverlap } from "@unblock/test/burst";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

/** Redis may need a moment to recover. */
const patience = { timeout: 20_000, interval: 50 };

describe.skipIf(!hasRedis())("GetCache with a real Redis (skipped without redis-server)", () => {
  let redis: TestRedis;
  let server: TestServer;
  beforeAll(async () => {
    redis = await startRedis();
    server = await startTestServer({ redisUrl: redis.url });
  });
  beforeEach(() => server.restartWindow());
  afterAll(async () => {
    await server.close();
    await redis.close();
  });

  const lookUp = (key: string, strategy = "async") =>
    server.call("GetCache", { key }, { strategy });
  const untilAnswered = (key: string) =>
    vi.waitFor(async () => expect(await lookUp(key)).toMatchObject({ code: "ok" }), patience);

  test.each(["async", "blocking-pool", "event-loop"])(
    "%s: a miss says so and fills the cache, the next is a hit",
    async (strategy) => {
      const key = `new to ${strategy}`;
      const value = "cached_data";
      expect((await lookUp(key, strategy)).body).toEqual({ key, value, hit: false });
      expect((await lookUp(key, strategy)).body).toEqual({ key, value, hit: true });
    },
  );

  test("finds other clients' keys under the service's own prefix", async () => {
    await redis.command("SET", "unblock:cache:theirs", "other_data");
    expect((await lookUp("theirs")).body).toMatchObject({ value: "other_data", hit: true });
    await redis.command("SET", "secret", "x");
    expect((await lookUp("secret")).body).toMatchObject({ value: "cached_data", hit: false });
  });

  test("fills a key for an hour", async () => {
    await lookUp("fades");
    const seconds = await redis.command("TTL", "unblock:cache:fades");
    expect(Number(seconds)).toBeGreaterThan(3_000);
    expect(Number(seconds)).toBeLessThanOrEqual(3_600);
  });

  test("a hundred lookups at once are on one connection, and wait together", async () => {
    const plan = {
      rpc: "GetCache",
      strategy: "async",
      calls: 100,
      request: (n: number) => ({ key: `key${n}` }),
    };
    await fireAtOnce(server, plan);
    const before = await connectionsSoFar(redis);
    const most = async () => Math.min((await server.backend("cache")).maxInProgress, 50);
    const overlap = await fireUntilOverlap(server, plan, most, 50);
    expect(overlap.most).toBe(50);
    expect(overlap.replies.map(({ body }) => body)).toEqual(
      Array.from({ length: 100 }, (_, index) => ({
        key: `key${index + 1}`,
        value: "cached_data",
        hit: true,
      })),
    );
    // The question itself is one more connection.
    expect(await connectionsSoFar(redis)).toBe(before + 1);
  });

  describe("when Redis", () => {
    afterEach(async () => {
      await redis.command("CONFIG", "SET", "maxmemory", "0");
      await redis.command("REPLICAOF", "NO", "ONE");
    });

    test.each(["stop", "kill"] as const)(
      "is gone (%s), calls hear it at once, and are answered when it is back",
      async (end) => {
        await lookUp("key1");
        await redis[end]();
        expect(await lookUp("key1")).toMatchObject({
          code: "unavailable",
          error: "UNBLOCK_BACKEND_UNAVAILABLE",
          data: { backend: "cache" },
        });
        await redis.start();
        await untilAnswered("key1");
        expect((await lookUp("key1")).body).toMatchObject({ hit: true });
      },
    );

    test("ends the connection (CLIENT KILL), the next call has another", async () => {
      await lookUp("key1");
      await redis.command("CLIENT", "KILL", "TYPE", "normal");
      await untilAnswered("key1");
    });

    test("has no memory left, a miss gets a response and fills nothing", async () => {
      await lookUp("key1");
      await redis.command("CONFIG", "SET", "maxmemory", "1");
      const miss = { value: "cached_data", hit: false };
      expect((await lookUp("too many")).body).toMatchObject(miss);
      expect((await lookUp("too many")).body).toMatchObject(miss);
      expect((await lookUp("key1")).body).toMatchObject({ hit: true });
    });

    test("is a read-only replica, a miss gets a response and fills nothing", async () => {
      const replica = await startRedis({ replicaOf: redis });
      const other = await startTestServer({ redisUrl: replica.url });
      try {
        const call = () => other.call("GetCache", { key: "never there" });
        expect((await call()).body).toMatchObject({ hit: false });
        expect((await call()).body).toMatchObject({ hit: false });
        await vi.waitUntil(() => other.logged.length > 0, patience);
        expect(other.logged).toContain(
          "The job queue's Redis may lose what it accepted: it is a read-only replica, which takes no jobs: " +
            "use the address of its master.",
        );
      } finally {
        await other.close();
        await replica.close();
      }
    });
  });
});

async function connectionsSoFar(redis: TestRedis): Promise<number> {
  const info = String(await redis.command("INFO", "stats"));
  return Number(/total_connections_received:(\d+)/.exec(info)?.[1]);
}
