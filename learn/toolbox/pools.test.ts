import { findUser } from "@unblock/exercises/get-user/solutions/blocking-pool";
import { openTestResources, type TestResources } from "@unblock/test/resources";
import {
  computeUntilStopped,
  createGate,
  double,
  openGate,
  refuse,
  waitForGate,
} from "@unblock/test/tasks";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { openHoldingsFile } from "../check/testing/holdings-file.ts";
import { provideEnvironment, provideResources } from "../service/environment.ts";
import { notExportedMessage } from "../service/learner-module.ts";
import { blockingPool, cpuPool, inBackground, processes } from "./pools.ts";

/** Used as a learner's file. */
const tasksFile = new URL(import.meta.resolve("@unblock/test/tasks")).href;
const solutionFile = new URL(
  import.meta.resolve("@unblock/exercises/get-user/solutions/blocking-pool"),
).href;

const pools = [
  { name: "blocking-pool", pool: blockingPool, executor: "blockingPool" },
  { name: "cpu-pool", pool: cpuPool, executor: "cpuPool" },
  { name: "processes", pool: processes, executor: "processes" },
] as const;

describe("the pools", () => {
  /** One thread per pool, and one process. */
  const holdings = openHoldingsFile();
  let resources: TestResources;
  beforeAll(async () => {
    resources = await openTestResources();
    const addresses = resources.backends.addresses();
    provideEnvironment({ addresses, crops: 1, holdingsPath: holdings.path });
    provideResources(resources, tasksFile);
    // The server's own exercises calibrate there first; that must not be counted below.
    await cpuPool.run(double, 0);
  });
  beforeEach(() => provideResources(resources, tasksFile));
  afterAll(async () => {
    await resources.close();
    holdings.remove();
  });

  describe.each(pools)("$name", ({ name, pool, executor }) => {
    test("runs an exported function of the file", async () => {
      const completed = () => resources.executors[executor].vitals().completed;
      const before = completed();
      expect(await pool.run(double, 21)).toBe(42);
      expect(completed()).toBe(before + 1);
    });

    test("provides the toolbox", async () => {
      provideResources(resources, solutionFile);
      expect(await pool.run(findUser, 5)).toEqual({
        id: 5,
        name: "User 5",
        email: "user5@example.com",
      });
    });

    test("rejects with what the function throws", async () => {
      await expect(pool.run(refuse, 7)).rejects.toMatchObject({
        code: "UNBLOCK_USER_NOT_FOUND",
      });
    });

    test("rejects an inline function", async () => {
      await expect(pool.run((value: number) => value, 1)).rejects.toThrow(
        notExportedMessage(name, ""),
      );
    });

    test("rejects a function that the file does not export", async () => {
      function hidden() {}
      await expect(pool.run(hidden, null)).rejects.toThrow(notExportedMessage(name, "hidden"));
    });
  });

  test("removes queued work when its signal aborts", async () => {
    const gate = createGate();
    const first = blockingPool.run(waitForGate, gate);
    const caller = new AbortController();
    const second = blockingPool.run(waitForGate, createGate(), caller.signal);
    const { cancelled } = resources.executors.blockingPool.vitals();
    caller.abort(new Error("client disconnected"));
    await expect(second).rejects.toThrow("client disconnected");
    expect(resources.executors.blockingPool.vitals().cancelled).toBe(cancelled + 1);
    openGate(gate);
    expect(await first).toBe("through");
  });

  test("makes stopped() return true for running work when its signal aborts", async () => {
    const reached = createGate();
    const caller = new AbortController();
    const running = cpuPool.run(computeUntilStopped, reached, caller.signal);
    await vi.waitFor(() => expect(Atomics.load(reached, 0)).toBe(1), 10_000);
    caller.abort(new Error("client disconnected"));
    await expect(running).rejects.toThrow("client disconnected");
    await vi.waitFor(() => expect(Atomics.load(reached, 0)).toBe(2), 10_000);
  });

  test("runs background work after the response, with a signal of its own", async () => {
    const { promise: responded, resolve: respond } = Promise.withResolvers<void>();
    const { promise: ended, resolve: end } = Promise.withResolvers<AbortSignal>();
    await inBackground(async (signal) => {
      await responded;
      end(signal);
    });
    respond();
    expect((await ended).aborted).toBe(false);
    await vi.waitFor(
      () => expect(resources.executors.background.vitals().completed).toBe(1),
      10_000,
    );
  });
});
