import { fireAtOnce, fireUntilOverlap } from "@unblock/test/burst";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const blockingThreads = 4;
/** The server's own number of threads. */
const moreThanAnyPool = 17;
const eventLoopSlot = `${process.pid}/0`;

describe("GetCache", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ blockingThreads });
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  const maxLookups = async () => (await server.backend("cache")).maxInProgress;
  const burst = (strategy: string, calls: number) => ({
    rpc: "GetCache",
    strategy,
    calls,
    request: (n: number) => ({ key: `key${n}` }),
  });
  const expectedBodies = (calls: number) =>
    Array.from({ length: calls }, (_, index) => ({
      key: `key${index + 1}`,
      value: "cached_data",
      hit: true,
    }));

  test.each(["key1", "user:42:name", "a b\r\nDEL c", "schlüssel", "\u{1f511}"])(
    "finds %j in the cache",
    async (key) => {
      const { body } = await server.call("GetCache", { key });
      expect(body).toEqual({ key, value: "cached_data", hit: true });
    },
  );

  test("counts code points: 256 emoji are a key", async () => {
    const key = "\u{1f511}".repeat(256);
    expect(await server.call("GetCache", { key })).toMatchObject({ code: "ok", body: { key } });
  });

  test("answers on the event loop, asynchronously, by default", async () => {
    const { headers, slot } = await server.call("GetCache", { key: "key1" });
    expect(headers.get("unblock-strategy")).toBe("async");
    expect(slot).toBe(eventLoopSlot);
  });

  test("async: more lookups at once than any pool has threads, all on one thread", async () => {
    const most = async () => Math.min(await maxLookups(), moreThanAnyPool);
    const overlap = await fireUntilOverlap(server, burst("async", 100), most, moreThanAnyPool);
    expect(overlap.most).toBe(moreThanAnyPool);
    expect(overlap.replies.map(({ body }) => body)).toEqual(expectedBodies(100));
    expect(new Set(overlap.replies.map(({ slot }) => slot))).toEqual(new Set([eventLoopSlot]));
  });

  test("blocking-pool: as many lookups at once as there are threads; the rest wait", async () => {
    // A thread's first lookup also sends HELLO, which the cache counts as a call.
    await fireUntilOverlap(
      server,
      burst("blocking-pool", blockingThreads),
      async () => (await server.executor("blocking-pool")).maxRunning,
      blockingThreads,
    );
    const plan = burst("blocking-pool", 20);
    const { replies, most } = await fireUntilOverlap(server, plan, maxLookups, blockingThreads);
    expect(most).toBe(blockingThreads);
    expect(replies.map(({ body }) => body)).toEqual(expectedBodies(20));
    const slots = new Set(replies.map(({ slot }) => slot));
    expect(slots.size).toBe(blockingThreads);
    expect(slots).not.toContain(eventLoopSlot);
  });

  test("event-loop: one lookup at a time, on the event loop's own thread", async () => {
    await server.call("GetCache", { key: "greets" }, { strategy: "event-loop" });
    await server.restartWindow();
    const replies = await fireAtOnce(server, burst("event-loop", 10));
    expect(replies.map(({ body }) => body)).toEqual(expectedBodies(10));
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([eventLoopSlot]));
    const { calls, maxInProgress } = await server.backend("cache");
    expect({ calls, maxInProgress }).toEqual({ calls: 10, maxInProgress: 1 });
  });

  test.each([
    ["", 0],
    ["x", 257],
    ["\u{1f511}", 257],
  ])("rejects a key of %j, %i times", async (character, characters) => {
    const key = character.repeat(characters);
    expect(await server.call("GetCache", { key })).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_INVALID_REQUEST",
      data: { problems: expect.stringContaining("key") },
    });
    expect((await server.backend("cache")).calls).toBe(0);
  });
});
