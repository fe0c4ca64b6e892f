import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exercises } from "../../registry/exercises.ts";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";

describe("a strategy that an exercise does not have", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ cpuWorkers: 1, blockingThreads: 1, processes: 1 });
  });
  afterAll(() => server.close());

  // What every object in JavaScript has is no strategy either.
  const strategies = ["nope", "", "THREADS", "threads, threads", "constructor", "__proto__"];

  test.each(exercises)("is refused by $rpc, and the message has those it has", async (exercise) => {
    const { letter, rpc, burst } = exercise;
    const names = exercise.strategies.map(({ name }) => name).join(", ");
    for (const strategy of strategies) {
      const request = JSON.parse(burst.requestJson(1));
      expect(await server.call(rpc, request, { strategy })).toMatchObject({
        code: "invalid_argument",
        error: "UNBLOCK_STRATEGY_UNKNOWN",
        data: { exercise: letter, rpc, strategy: `"${strategy}"`, known: names },
      });
    }
  });

  test("is refused also when another exercise has it", async () => {
    expect(await server.call("GetUser", { user_id: 1 }, { strategy: "parallel" })).toMatchObject({
      error: "UNBLOCK_STRATEGY_UNKNOWN",
      data: { exercise: "A", strategy: '"parallel"', known: "threads, event-loop" },
    });
  });

  test("is cut short in the message when it is long", async () => {
    const { data } = await server.call("GetUser", { user_id: 1 }, { strategy: "x".repeat(10_000) });
    expect(data).toMatchObject({ strategy: `"${"x".repeat(200)}…"` });
  });
});
