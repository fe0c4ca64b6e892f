import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openTestHouse, type TestHouse } from "../testing/house.ts";
import {
  computeUntilStopped,
  createGate,
  double,
  openGate,
  refuse,
  waitForGate,
} from "../testing/tasks.ts";
import { openHoldingsFile } from "./check/testing/holdings-file.ts";
import { inBackground, processes, threads, workers } from "./pools.ts";
import { provideEnvironment, provideHouse } from "./service/environment.ts";
import { findUser } from "./solutions/a-get-user.threads.ts";

/** Stands for a learner's file. */
const tasksFile = new URL("../testing/tasks.ts", import.meta.url).href;
const solutionFile = new URL("./solutions/a-get-user.threads.ts", import.meta.url).href;

const pools = [
  { name: "threads", pool: threads },
  { name: "workers", pool: workers },
  { name: "processes", pool: processes },
] as const;

describe("the pools", () => {
  /** With one thread in each pool, and one process. */
  const holdings = openHoldingsFile();
  let house: TestHouse;
  beforeAll(async () => {
    house = await openTestHouse();
    const addresses = house.backends.addresses();
    provideEnvironment({ addresses, crops: 1, holdingsPath: holdings.path });
    provideHouse(house, tasksFile);
    // The server's own exercises calibrate there first, and nobody shall count that below.
    await workers.run(double, 0);
  });
  beforeEach(() => provideHouse(house, tasksFile));
  afterAll(async () => {
    await house.close();
    holdings.remove();
  });

  describe.each(pools)("$name", ({ name, pool }) => {
    test("runs an exported function of the file in its own place", async () => {
      const completed = () => house.places[name].vitals().completed;
      const before = completed();
      expect(await pool.run(double, 21)).toBe(42);
      expect(completed()).toBe(before + 1);
    });

    test("has the toolbox there", async () => {
      provideHouse(house, solutionFile);
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

    test("asks for an exported function when it gets one without a name", async () => {
      await expect(pool.run((value: number) => value, 1)).rejects.toThrow(
        `A function that your file does not export was handed to the pool ${name}: an inline function`,
      );
    });

    test("names the function that the file does not export", async () => {
      function hidden() {}
      await expect(pool.run(hidden, null)).rejects.toThrow(
        `A function that your file does not export was handed to the pool ${name}: "hidden"`,
      );
    });
  });

  test("takes work that waits out of the queue when its signal aborts", async () => {
    const gate = createGate();
    const first = threads.run(waitForGate, gate);
    const caller = new AbortController();
    const second = threads.run(waitForGate, createGate(), caller.signal);
    const { withdrawn } = house.places.threads.vitals();
    caller.abort(new Error("the caller has gone"));
    await expect(second).rejects.toThrow("the caller has gone");
    expect(house.places.threads.vitals().withdrawn).toBe(withdrawn + 1);
    openGate(gate);
    expect(await first).toBe("through");
  });

  test("tells work that runs that its signal has aborted", async () => {
    const reached = createGate();
    const caller = new AbortController();
    const running = workers.run(computeUntilStopped, reached, caller.signal);
    await until(() => Atomics.load(reached, 0) === 1);
    caller.abort(new Error("the caller has gone"));
    await expect(running).rejects.toThrow("the caller has gone");
    await until(() => Atomics.load(reached, 0) === 2);
  });

  test("runs work in the background after its caller was answered, with a signal of its own", async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const { promise: ended, resolve: end } = Promise.withResolvers<AbortSignal>();
    await inBackground(async (signal) => {
      await answered;
      end(signal);
    });
    answer();
    expect((await ended).aborted).toBe(false);
    await until(() => house.places.background.vitals().completed === 1);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await setTimeout(1);
  }
}
