import { fireAtOnce, fireUntilOverlap } from "@unblock/test/burst";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

describe("GetUser", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ blockingThreads: 10 });
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  const maxQueries = async () => (await server.backend("database")).maxInProgress;
  const tenUsers = (strategy: string) => ({
    rpc: "GetUser",
    strategy,
    calls: 10,
    request: (n: number) => ({ user_id: n }),
  });

  test("responds from the database, in the blocking pool by default", async () => {
    const { body, headers } = await server.call("GetUser", { user_id: 42 });
    expect(body).toEqual({ user_id: 42, name: "User 42", email: "user42@example.com" });
    expect(headers.get("unblock-strategy")).toBe("blocking-pool");
  });

  test("blocking-pool: ten queries at once, on ten threads other than the event loop's", async () => {
    const plan = tenUsers("blocking-pool");
    const { replies, most } = await fireUntilOverlap(server, plan, maxQueries, 10);
    expect(most).toBe(10);
    const slots = new Set(replies.map(({ slot }) => slot));
    expect(slots.size).toBe(10);
    expect(slots).not.toContain(`${process.pid}/0`);
  });

  test("event-loop: one query at a time, on the event loop's own thread", async () => {
    const replies = await fireAtOnce(server, tenUsers("event-loop"));
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([`${process.pid}/0`]));
    const { calls, maxInProgress } = await server.backend("database");
    expect({ calls, maxInProgress }).toEqual({ calls: 10, maxInProgress: 1 });
  });

  test.each([0, -1, -(2 ** 31)])("rejects user_id %i", async (user_id) => {
    expect(await server.call("GetUser", { user_id })).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_INVALID_REQUEST",
      data: { problems: expect.stringContaining("user_id") },
    });
    expect((await server.backend("database")).calls).toBe(0);
  });

  test("rejects an unknown user", async () => {
    expect(await server.call("GetUser", { user_id: 100_001 })).toMatchObject({
      code: "not_found",
      error: "UNBLOCK_USER_NOT_FOUND",
      data: { user_id: "100001" },
    });
  });
});
