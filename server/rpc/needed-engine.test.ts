import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exercises } from "../../registry/exercises.ts";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";

const needing = exercises.flatMap((exercise) =>
  exercise.allStrategies
    .filter(({ needs }) => needs !== "")
    .map(({ name, needs }) => ({ exercise, rpc: exercise.rpc, strategy: name, needs })),
);

describe("a strategy that needs a real engine", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ cpuWorkers: 1, blockingThreads: 1, processes: 1 });
  });
  afterAll(() => server.close());

  test("is not among those that every server has", () => {
    expect(needing.map(({ rpc, strategy }) => `${rpc}/${strategy}`)).toContain("GetUser/async");
    for (const { exercise, strategy } of needing) {
      expect(exercise.strategies.map(({ name }) => name)).not.toContain(strategy);
    }
  });

  test.each(needing)(
    "is refused by $rpc without it: $strategy names $needs",
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
          flag: expect.stringMatching(/^--[a-z]+-url$/),
        },
      });
    },
  );
});
