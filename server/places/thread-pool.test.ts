import { afterAll, describe, expect, test, vi } from "vitest";
import { createGate, never, openGate, tasks } from "../../testing/tasks.ts";
import { createThreadPool } from "./thread-pool.ts";

describe("a thread pool", () => {
  const pool = createThreadPool("threads", 2, 2);
  afterAll(() => pool.close());

  test("runs tasks in threads of this process, and stamps them", async () => {
    const { value, ranOn, timing } = await pool.run(tasks.double, 21, never);
    expect(value).toBe(42);
    expect(ranOn).toMatchObject({ place: "threads", pid: process.pid });
    expect(ranOn.thread).toBeGreaterThan(0);
    expect(timing.map(({ name }) => name)).toEqual(["queue", "work"]);
  });

  test("runs two at once on two threads, lets two wait, and refuses the fifth", async () => {
    const gate = createGate();
    const runs = Array.from({ length: 4 }, () => pool.run(tasks.waitForGate, gate, never));
    await expect(pool.run(tasks.waitForGate, gate, never)).rejects.toMatchObject({
      kind: "overloaded",
    });
    expect(pool.vitals()).toMatchObject({ running: 2, queued: 2, refused: 1 });
    openGate(gate);
    const seats = new Set((await Promise.all(runs)).map(({ ranOn }) => ranOn.thread));
    expect(seats.size).toBe(2);
  });

  test("hands a failure that is meant for the caller over as one", async () => {
    await expect(pool.run(tasks.refuse, "not here", never)).rejects.toMatchObject({
      name: "Failure",
      kind: "not-found",
      message: "not here",
    });
  });

  test("hands any other error over with the stack of where it broke", async () => {
    const error = await pool.run(tasks.breakDown, "broken", never).catch((reason) => reason);
    expect(error.message).toBe("broken");
    expect(error.stack).toContain("breakDown");
    expect(error).not.toHaveProperty("kind");
  });

  test("tells a computation when nobody wants it any more, and keeps its thread", async () => {
    const reached = createGate();
    const giveUp = new AbortController();
    const run = pool.run(tasks.computeUntilStopped, reached, giveUp.signal);
    await vi.waitUntil(() => Atomics.load(reached, 0) === 1);
    giveUp.abort(new Error("gave up"));
    await expect(run).rejects.toThrow("gave up");
    await vi.waitUntil(() => Atomics.load(reached, 0) === 2);
    expect((await pool.run(tasks.double, 1, never)).value).toBe(2);
  });

  test("says which export a task lacks", async () => {
    const missing = { ...tasks.double, name: "triple" };
    await expect(pool.run(missing, 1, never)).rejects.toThrow('export a function "triple"');
  });
});
