import { Code } from "@connectrpc/connect";
import { createUnblockClient } from "@unblock/client/client";
import { fireAtOnce } from "@unblock/test/burst";
import { hasPostgres, startPostgres, type TestPostgres } from "@unblock/test/postgres";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

const password = "p@ss/word";
const calls = 8;
/** Less than a query's limit, so what ends within it was cancelled. */
const waitOptions = { timeout: 8_000, interval: 20 };

describe.skipIf(!hasPostgres())("Postgres", () => {
  let postgres: TestPostgres;
  let server: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres({ password });
  });
  beforeEach(async () => {
    server = await startTestServer({ databaseUrl: postgres.url, blockingThreads: calls });
  });
  afterEach(() => server.close());
  afterAll(() => postgres.close());

  const burst = (strategy: string) =>
    fireAtOnce(server, { rpc: "GetUser", strategy, calls, request: (n) => ({ user_id: n }) });
  const codes = (replies: readonly { code: string }[]) => replies.map(({ code }) => code);
  const all = (code: string) => Array.from({ length: calls }, () => code);
  const ours = "FROM pg_stat_activity WHERE application_name LIKE 'unblock %'";
  const ourConnections = async () => {
    const [row] = await postgres.query(`SELECT count(*)::int AS count ${ours}`);
    return row?.count;
  };
  const active = async () => {
    const [row] = await postgres.query(
      `SELECT count(*)::int AS count ${ours} AND state = 'active'`,
    );
    return row?.count;
  };
  const untilActive = (count: number) =>
    vi.waitUntil(async () => (await active()) === count, waitOptions);
  const killConnections = () => postgres.query(`SELECT pg_terminate_backend(pid) ${ours}`);
  /** Nobody can read the table until the returned function is called. */
  const lockTable = () => postgres.hold("LOCK TABLE users IN ACCESS EXCLUSIVE MODE");

  describe.each(["blocking-pool", "event-loop", "async"])("with %s", (strategy) => {
    test("stopped: fails without the password; restarted: works at once", async () => {
      expect(codes(await burst(strategy))).toEqual(all("ok"));
      await postgres.stop();
      for (const reply of await burst(strategy)) {
        expect(reply).toMatchObject({
          code: "unavailable",
          error: "UNBLOCK_BACKEND_UNAVAILABLE",
          data: { backend: "database" },
        });
        expect(reply.message).not.toContain("p@ss");
        expect(reply.message).not.toContain("p%40ss");
      }
      await postgres.start();
      expect(codes(await burst(strategy))).toEqual(all("ok"));
      expect(server.logged.join()).not.toMatch(/p(@|%40)ss/);
    });

    test("idle connections killed: no call fails", async () => {
      expect(codes(await burst(strategy))).toEqual(all("ok"));
      await killConnections();
      expect(codes(await burst(strategy))).toEqual(all("ok"));
    });

    test("a query that never ends is ended at the caller's deadline", async () => {
      await burst(strategy);
      const unlock = await lockTable();
      const reply = await server.call("GetUser", { user_id: 1 }, { strategy, timeoutMs: 500 });
      expect(reply.code).toBe("deadline_exceeded");
      await untilActive(0);
      await unlock();
      expect(codes(await burst(strategy))).toEqual(all("ok"));
    });
  });

  describe.each(["blocking-pool", "async"])("with %s", (strategy) => {
    test("connections killed during queries: the queries are repeated", async () => {
      expect(codes(await burst(strategy))).toEqual(all("ok"));
      await server.restartWindow();
      const unlock = await lockTable();
      const replies = burst(strategy);
      await untilActive(calls);
      await postgres.query(`SELECT pg_terminate_backend(pid) ${ours} AND state = 'active'`);
      await vi.waitUntil(
        async () => (await server.backend("database")).calls === 2 * calls,
        waitOptions,
      );
      await unlock();
      expect(codes(await replies)).toEqual(all("ok"));
    });

    test("frozen: calls fail at their deadlines, others are served; resumed: works", async () => {
      await burst(strategy);
      const goOn = postgres.freeze();
      try {
        const replies = Array.from({ length: calls }, () =>
          server.call("GetUser", { user_id: 1 }, { strategy, timeoutMs: 500 }),
        );
        expect(codes(await Promise.all(replies))).toEqual(all("deadline_exceeded"));
        expect(await server.call("GetDashboard", {})).toMatchObject({ code: "ok" });
      } finally {
        goOn();
      }
      await vi.waitFor(
        async () => expect(codes(await burst(strategy))).toEqual(all("ok")),
        waitOptions,
      );
    });

    test("killed during queries: they fail; restarted: works", async () => {
      await burst(strategy);
      const unlock = await lockTable();
      const replies = burst(strategy);
      await untilActive(calls);
      await postgres.kill();
      await unlock();
      expect(codes(await replies)).toEqual(all("unavailable"));
      await postgres.start();
      expect(codes(await burst(strategy))).toEqual(all("ok"));
    });

    test("a disconnected client frees its connection, and its query ends", async () => {
      await burst(strategy);
      const unlock = await lockTable();
      const leaving = new AbortController();
      const replies = Promise.all(
        Array.from({ length: calls }, () =>
          server.call("GetUser", { user_id: 1 }, { strategy, signal: leaving.signal }),
        ),
      );
      await untilActive(calls);
      leaving.abort();
      expect(codes(await replies)).toEqual(all("canceled"));
      await untilActive(0);
      await vi.waitUntil(
        async () => (await server.backend("database")).inProgress === 0,
        waitOptions,
      );
      await unlock();
      // No connection was lost: new calls use those of the cancelled ones.
      const before = await postgres.query(`SELECT pid ${ours}`);
      expect(codes(await burst(strategy))).toEqual(all("ok"));
      const after = await postgres.query(`SELECT pid ${ours}`);
      expect(after.filter(({ pid }) => before.some((one) => one.pid === pid))).toHaveLength(
        before.length,
      );
    });

    test("a server that closes ends its queries and its connections", async () => {
      await burst(strategy);
      const unlock = await lockTable();
      // The test server's own calls would end with its connection.
      const client = createUnblockClient({ baseUrl: server.url, strategy });
      const replies = Array.from({ length: calls }, () => client.getUser({ userId: 1 }));
      const ended = Promise.allSettled(replies);
      await untilActive(calls);
      await server.close();
      for (const reply of await ended) {
        expect(reply).toMatchObject({ status: "rejected", reason: { code: Code.Unavailable } });
      }
      await vi.waitUntil(async () => (await ourConnections()) === 0, waitOptions);
      await unlock();
      server = await startTestServer({ databaseUrl: postgres.url, blockingThreads: 1 });
    });
  });
});
