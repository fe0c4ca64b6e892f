import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

describe("the response header unblock-cpu-ms", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ cpuWorkers: 2, blockingThreads: 4, processes: 1 });
  });
  afterAll(() => server.close());

  const cpuMs = async (rpc: string, request: Record<string, string | number>, strategy: string) => {
    const { code, headers } = await server.call(rpc, request, { strategy });
    expect(code).toBe("ok");
    return Number(headers.get("unblock-cpu-ms") ?? Number.NaN);
  };

  test.each(["cpu-pool", "processes", "blocking-pool", "async", "event-loop"])(
    "grows with the rounds of a hash in %s",
    async (strategy) => {
      const hash = (rounds: number) => cpuMs("ComputeHash", { data: "a", rounds }, strategy);
      await hash(50_000);
      const few = await hash(5_000);
      expect(few).toBeGreaterThan(0);
      expect(await hash(250_000)).toBeGreaterThan(10 * few);
    },
  );

  test.each(["cpu-pool", "blocking-pool", "async", "event-loop"])(
    "grows with the rounds of an inference in %s, and not with the download",
    async (strategy) => {
      const infer = (rounds: number) =>
        cpuMs("PredictImage", { image_url: "http://example.com/cat.png", rounds }, strategy);
      await infer(20);
      const few = await infer(1);
      expect(await infer(100)).toBeGreaterThan(10 * few);
    },
  );

  test.each(["blocking-pool", "event-loop"])(
    "leaves out the time that %s is blocked",
    async (name) => {
      const { headers } = await server.call("GetUser", { user_id: 1 }, { strategy: name });
      const [, workMs] = /work;dur=([\d.]+)/.exec(headers.get("server-timing") ?? "") ?? [];
      expect(Number(headers.get("unblock-cpu-ms"))).toBeLessThan(Number(workMs) / 2);
    },
  );

  test("states an inference's rounds", async () => {
    const request = { image_url: "http://example.com/cat.png" };
    const chosen = await server.call("PredictImage", { ...request, rounds: 3 });
    expect(chosen.headers.get("unblock-rounds")).toBe("3");
    const calibrated = await server.call("PredictImage", request);
    expect(Number(calibrated.headers.get("unblock-rounds"))).toBeGreaterThan(0);
    expect(await server.call("PredictImage", { ...request, rounds: 1_001 })).toMatchObject({
      code: "invalid_argument",
    });
  });
});
