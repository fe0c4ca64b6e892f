import { fireAtOnce, fireUntilOverlap } from "@unblock/test/burst";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const blockingThreads = 4;
const eventLoopSlot = `${process.pid}/0`;

describe("GetWeather", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ blockingThreads });
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  const maxCalls = async () => (await server.backend("weather")).maxInProgress;
  const burst = (strategy: string, calls: number) => ({
    rpc: "GetWeather",
    strategy,
    calls,
    request: (n: number) => ({ city: `city ${n}` }),
  });

  test.each(["london", "São Paulo", "a/b?c#d&e=f%", "../service-1", "\u{1f327}"])(
    "returns the weather of %s",
    async (city) => {
      const { body } = await server.call("GetWeather", { city });
      expect(body).toEqual({ city, temperature: 22, conditions: "sunny" });
    },
  );

  test("counts code points: a hundred umbrellas are a city", async () => {
    const city = "\u{1f302}".repeat(100);
    expect(await server.call("GetWeather", { city })).toMatchObject({ code: "ok", body: { city } });
  });

  test("answers on the event loop, asynchronously, by default", async () => {
    const { headers, slot } = await server.call("GetWeather", { city: "london" });
    expect(headers.get("unblock-strategy")).toBe("async");
    expect(slot).toBe(eventLoopSlot);
  });

  test("async: ten calls at once, all on the event loop's one thread", async () => {
    const { replies, most } = await fireUntilOverlap(server, burst("async", 10), maxCalls, 10);
    expect(most).toBe(10);
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([eventLoopSlot]));
    expect(replies.map(({ body }) => body)).toContainEqual({
      city: "city 10",
      temperature: 22,
      conditions: "sunny",
    });
  });

  test("blocking-pool: as many calls at once as there are threads; the rest wait", async () => {
    const plan = burst("blocking-pool", blockingThreads + 2);
    const { replies, most } = await fireUntilOverlap(server, plan, maxCalls, blockingThreads);
    expect(most).toBe(blockingThreads);
    const slots = new Set(replies.map(({ slot }) => slot));
    expect(slots.size).toBe(blockingThreads);
    expect(slots).not.toContain(eventLoopSlot);
  });

  test("event-loop: one call at a time, on the event loop's own thread", async () => {
    const replies = await fireAtOnce(server, burst("event-loop", 4));
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([eventLoopSlot]));
    const { calls, maxInProgress } = await server.backend("weather");
    expect({ calls, maxInProgress }).toEqual({ calls: 4, maxInProgress: 1 });
  });

  test.each([
    ["", 0],
    ["x", 101],
    ["\u{1f302}", 101],
    ["x", 10_000],
  ])("rejects a city of %j, %i times", async (character, characters) => {
    const city = character.repeat(characters);
    expect(await server.call("GetWeather", { city })).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_INVALID_REQUEST",
      data: { problems: expect.stringContaining("city") },
    });
    expect((await server.backend("weather")).calls).toBe(0);
  });

  test('tells the weather of a city that is called ".."', async () => {
    const { body } = await server.call("GetWeather", { city: ".." });
    expect(body).toEqual({ city: "..", temperature: 22, conditions: "sunny" });
  });
});
