import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

/** Seconds of CPU. */
const endless = { data: "test", rounds: 10_000_000 };

describe("a cancelled hash", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const untilRunning = (executor: string, tasks: number) =>
    vi.waitUntil(async () => (await server.executor(executor)).running === tasks, 25_000);

  /** Cancels a hash that runs, and waits until its slot is free again. */
  async function giveUp(strategy: string): Promise<{ completed: number; failed: number }> {
    const before = await server.executor(strategy);
    const caller = new AbortController();
    const call = server.call("ComputeHash", endless, { strategy, signal: caller.signal });
    await untilRunning(strategy, 1);
    caller.abort();
    expect(await call).toMatchObject({ code: "canceled" });
    await untilRunning(strategy, 0);
    const after = await server.executor(strategy);
    return {
      completed: after.completed - before.completed,
      failed: after.failed - before.failed,
    };
  }

  const slotOf = async (strategy: string) =>
    (await server.call("ComputeHash", { data: "abc", rounds: 1 }, { strategy })).slot;

  test.each(["cpu-pool", "blocking-pool"])(
    "%s: ends in the middle and leaves its thread alive",
    async (strategy) => {
      const slot = await slotOf(strategy);
      expect(await giveUp(strategy)).toEqual({ completed: 0, failed: 1 });
      expect(await slotOf(strategy)).toBe(slot);
    },
  );

  test("processes: ends with its process, and another takes its place", async () => {
    const slot = await slotOf("processes");
    expect(await giveUp("processes")).toEqual({ completed: 0, failed: 1 });
    const next = await slotOf("processes");
    expect(next).toMatch(/^\d+\/0$/);
    expect(next).not.toBe(slot);
    expect(server.logged).toEqual([]);
  });
});
