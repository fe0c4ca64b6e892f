import { poolSize } from "@unblock/backends/postgres/find-user";
import { fireAtOnce, fireUntilOverlap } from "@unblock/test/burst";
import { hasPostgres, startPostgres, type TestPostgres } from "@unblock/test/postgres";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

describe.skipIf(!hasPostgres())("GetUser with Postgres", () => {
  let postgres: TestPostgres;
  let server: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres();
    server = await startTestServer({ databaseUrl: postgres.url, blockingThreads: 10 });
  });
  beforeEach(() => server.restartWindow());
  afterAll(async () => {
    await server.close();
    await postgres.close();
  });

  const maxQueries = async () => (await server.backend("database")).maxInProgress;
  const users = (strategy: string, calls: number) => ({
    rpc: "GetUser",
    strategy,
    calls,
    request: (n: number) => ({ user_id: n }),
  });

  test("fills the table with the same users as the embedded database has", async () => {
    expect(await postgres.query("SELECT count(*)::int, min(id), max(id) FROM users")).toEqual([
      { count: 100_000, min: 1, max: 100_000 },
    ]);
  });

  test.each(["blocking-pool", "event-loop", "async"])(
    "%s: responds from the table",
    async (strategy) => {
      const call = (user_id: number) => server.call("GetUser", { user_id }, { strategy });
      const { body, executor } = await call(42);
      expect(body).toEqual({ user_id: 42, name: "User 42", email: "user42@example.com" });
      expect(executor).toBe(strategy === "blocking-pool" ? "blocking-pool" : "event-loop");
      expect(await call(100_001)).toMatchObject({
        code: "not_found",
        error: "UNBLOCK_USER_NOT_FOUND",
      });
      expect(await call(0)).toMatchObject({ code: "invalid_argument" });
      // Reads the table, not a copy of it.
      await postgres.query("UPDATE users SET name = 'Ö''Neill' WHERE id = 7");
      expect((await call(7)).body).toMatchObject({ name: "Ö'Neill" });
    },
  );

  test("blocking-pool: ten queries at once, on ten threads and ten connections", async () => {
    const plan = users("blocking-pool", 10);
    const { replies, most } = await fireUntilOverlap(server, plan, maxQueries, 10);
    expect(most).toBe(10);
    const slots = new Set(replies.map(({ slot }) => slot));
    expect(slots.size).toBe(10);
    expect(slots).not.toContain(`${process.pid}/0`);
  });

  test("event-loop: one query at a time, on the event loop's own thread", async () => {
    const replies = await fireAtOnce(server, users("event-loop", 5));
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([`${process.pid}/0`]));
    expect(await server.backend("database")).toMatchObject({ calls: 5, maxInProgress: 1 });
  });

  test("async: ten queries at once, all on the event loop's own thread", async () => {
    const { replies, most } = await fireUntilOverlap(server, users("async", 10), maxQueries, 10);
    expect(most).toBe(10);
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([`${process.pid}/0`]));
  });

  test("async: no more queries at once than the pool has connections", async () => {
    const plan = users("async", 3 * poolSize);
    const { replies, most } = await fireUntilOverlap(server, plan, maxQueries, poolSize);
    expect(most).toBe(poolSize);
    expect(replies.map(({ code }) => code)).toEqual(replies.map(() => "ok"));
  });

  test("serves a call without a strategy, in the blocking pool", async () => {
    const { headers } = await server.call("GetUser", { user_id: 1 });
    expect(headers.get("unblock-strategy")).toBe("blocking-pool");
    expect((await server.backend("database")).calls).toBe(1);
  });
});
