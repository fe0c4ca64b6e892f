import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exercises } from "../../registry/exercises.ts";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";

const needRedis = exercises.flatMap(({ letter, rpc, burst, allStrategies }) =>
  allStrategies
    .filter(({ needs }) => needs === "REDIS_URL")
    .map(({ name }) => ({ letter, rpc, burst, name })),
);

describe("without a Redis", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ cpuWorkers: 1, blockingThreads: 1, processes: 1 });
  });
  afterAll(() => server.close());

  test("some strategies can't be served", () => {
    expect(needRedis.map(({ rpc, name }) => `${rpc}/${name}`)).toEqual([
      "ComputeHash/queue",
      "PredictImage/queue",
      "TrackEvent/queue",
    ]);
  });

  test.each(needRedis)("$rpc refuses $name and says what to set", async (one) => {
    const request = JSON.parse(one.burst.requestJson(1));
    expect(await server.call(one.rpc, request, { strategy: one.name })).toMatchObject({
      code: "failed_precondition",
      error: "UNBLOCK_STRATEGY_NOT_SET_UP",
      data: { strategy: "queue", exercise: one.letter, variable: "REDIS_URL", flag: "--redis-url" },
    });
  });
});
