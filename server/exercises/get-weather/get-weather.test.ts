import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fireAtOnce, fireUntilOverlap } from "../../../testing/burst.ts";
import { startTestServer, type TestServer } from "../../../testing/test-server.ts";

const blockingThreads = 4;
const eventLoopSeat = `${process.pid}/0`;

describe("GetWeather", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ blockingThreads });
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  const mostCalls = async () => (await server.backend("weather")).mostInProgress;
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
    const { headers, seat } = await server.call("GetWeather", { city: "london" });
    expect(headers.get("unblock-strategy")).toBe("async");
    expect(seat).toBe(eventLoopSeat);
  });

  test("async: ten calls at once, all on the event loop's one thread", async () => {
    const { replies, most } = await fireUntilOverlap(server, burst("async", 10), mostCalls, 10);
    expect(most).toBe(10);
    expect(new Set(replies.map(({ seat }) => seat))).toEqual(new Set([eventLoopSeat]));
    expect(replies.map(({ body }) => body)).toContainEqual({
      city: "city 10",
      temperature: 22,
      conditions: "sunny",
    });
  });

  test("threads: as many calls at once as there are threads; the rest wait", async () => {
    const plan = burst("threads", blockingThreads + 2);
    const { replies, most } = await fireUntilOverlap(server, plan, mostCalls, blockingThreads);
    expect(most).toBe(blockingThreads);
    const seats = new Set(replies.map(({ seat }) => seat));
    expect(seats.size).toBe(blockingThreads);
    expect(seats).not.toContain(eventLoopSeat);
  });

  test("event-loop: one call at a time, on the event loop's own thread", async () => {
    const replies = await fireAtOnce(server, burst("event-loop", 4));
    expect(new Set(replies.map(({ seat }) => seat))).toEqual(new Set([eventLoopSeat]));
    const { calls, mostInProgress } = await server.backend("weather");
    expect({ calls, mostInProgress }).toEqual({ calls: 4, mostInProgress: 1 });
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
