import { exercises } from "@unblock/proto/exercises";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe("an unknown strategy", () => {
  // Includes property names that every JavaScript object has.
  const strategies = [
    "nope",
    "",
    "BLOCKING-POOL",
    "blocking-pool, blocking-pool",
    "constructor",
    "__proto__",
  ];

  test.each(exercises)("is rejected by $rpc, with the known ones", async (exercise) => {
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

  test("is rejected even if another exercise has it", async () => {
    expect(await server.call("GetUser", { user_id: 1 }, { strategy: "parallel" })).toMatchObject({
      error: "UNBLOCK_STRATEGY_UNKNOWN",
      data: { exercise: "A", strategy: '"parallel"', known: "blocking-pool, event-loop" },
    });
  });

  test("is shortened when it is long", async () => {
    const strategy = "x".repeat(10_000);
    expect(await server.call("GetUser", { user_id: 1 }, { strategy })).toMatchObject({
      data: { strategy: `"${"x".repeat(200)}…"` },
    });
  });
});

describe("a strategy that needs an external backend", () => {
  const needing = exercises.flatMap((exercise) =>
    exercise.allStrategies
      .filter(({ needs }) => needs !== "")
      .map(({ name, needs }) => ({ exercise, rpc: exercise.rpc, strategy: name, needs })),
  );

  test("is not among the strategies of every server", () => {
    const named = needing.map(({ rpc, strategy, needs }) => `${rpc}/${strategy}: ${needs}`);
    expect(named).toEqual(
      expect.arrayContaining([
        "GetUser/async: DATABASE_URL",
        "ComputeHash/queue: REDIS_URL",
        "PredictImage/queue: REDIS_URL",
        "TrackEvent/queue: REDIS_URL",
      ]),
    );
    for (const { exercise, strategy } of needing) {
      expect(exercise.strategies.map(({ name }) => name)).not.toContain(strategy);
    }
  });

  test.each(needing)(
    "is rejected by $rpc without it: $strategy needs $needs",
    async ({ exercise, rpc, strategy, needs }) => {
      const request = JSON.parse(exercise.burst.requestJson(1));
      expect(await server.call(rpc, request, { strategy })).toMatchObject({
        code: "failed_precondition",
        error: "UNBLOCK_STRATEGY_NOT_SET_UP",
        data: {
          strategy,
          exercise: exercise.letter,
          rpc,
          variable: needs,
          flag: `--${needs.toLowerCase().replace("_", "-")}`,
        },
      });
    },
  );
});
