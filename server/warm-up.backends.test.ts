import { hasPostgres, startPostgres } from "@unblock/test/postgres";
import { hasRedis, startRedis } from "@unblock/test/redis";
import { startTestServer } from "@unblock/test/test-server";
import { afterEach, expect, test } from "vitest";

const small = { blockingThreads: 5, cpuWorkers: 1, processes: 1, warmUp: true };

const toClose: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of toClose.splice(0).reverse()) {
    await one.close();
  }
});

test.skipIf(!hasPostgres())("each thread has its connection to Postgres at the start", async () => {
  const postgres = await startPostgres();
  toClose.push(postgres);
  const server = await startTestServer({ ...small, databaseUrl: postgres.url });
  toClose.push(server);
  const [{ count } = { count: 0 }] = await postgres.query(
    "SELECT count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'unblock %'",
  );
  expect(count).toBe(5);
  expect((await server.backend("database")).calls).toBe(0);
  const { body, executor } = await server.call("GetUser", { user_id: 42 });
  expect(body).toMatchObject({ name: "User 42" });
  expect(executor).toBe("blocking-pool");
});

test.skipIf(!hasRedis())("a real Redis gets no key by the start", async () => {
  const redis = await startRedis();
  toClose.push(redis);
  const server = await startTestServer({ ...small, redisUrl: redis.url });
  toClose.push(server);
  expect(await redis.command("KEYS", "unblock:cache:*")).toEqual([]);
  const { body } = await server.call("GetCache", { key: "key1" });
  expect(body).toMatchObject({ value: "cached_data", hit: false });
});
