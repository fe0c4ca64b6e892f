import { createGate, noCaller, openGate, tasks } from "@unblock/test/tasks";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { createThreadPool } from "./thread-pool.ts";

afterEach(() => {
  vi.useRealTimers();
});

describe("a thread pool", () => {
  const pool = createThreadPool("blocking-pool", 2, 2);
  afterAll(() => pool.close());

  test("runs tasks in threads of this process, and reports which", async () => {
    const { value, ranOn, timing } = await pool.run(tasks.double, 21, noCaller);
    expect(value).toBe(42);
    expect(ranOn).toMatchObject({ executor: "blocking-pool", pid: process.pid });
    expect(ranOn.thread).toBeGreaterThan(0);
    expect(timing.map(({ name }) => name)).toEqual(["queue", "work"]);
  });

  test("runs two at once on two threads, lets two wait, and rejects the fifth", async () => {
    const gate = createGate();
    const runs = Array.from({ length: 4 }, () => pool.run(tasks.waitForGate, gate, noCaller));
    await expect(pool.run(tasks.waitForGate, gate, noCaller)).rejects.toMatchObject({
      kind: "overloaded",
    });
    expect(pool.vitals()).toMatchObject({ running: 2, queued: 2, rejected: 1 });
    openGate(gate);
    const slots = new Set((await Promise.all(runs)).map(({ ranOn }) => ranOn.thread));
    expect(slots.size).toBe(2);
  });

  test("is warmed up by a task in each thread, which the vitals do not count", async () => {
    const cold = createThreadPool("blocking-pool", 3, 2);
    const gate = createGate();
    const arrived = createGate();
    const warm = cold.warmUp(tasks.arriveAndWait, { arrived, gate });
    // All at the same time: each is in a thread of its own.
    await vi.waitUntil(() => Atomics.load(arrived, 0) === 3, { timeout: 20_000 });
    openGate(gate);
    await warm;
    await cold.warmUp(tasks.double, 1, 5);
    expect(cold.vitals()).toMatchObject({ running: 0, completed: 0, maxRunning: 0, cpuMs: 0 });
    await expect(cold.warmUp(tasks.refuse, 7)).rejects.toMatchObject({
      code: "UNBLOCK_USER_NOT_FOUND",
    });
    // Two exercises may use the same threads.
    await Promise.all([cold.warmUp(tasks.double, 1), cold.warmUp(tasks.seven, null)]);
    await cold.run(tasks.double, 1, noCaller);
    cold.restartCounts();
    expect(cold.vitals()).toMatchObject({ completed: 0, maxRunning: 0, cpuMs: 0 });
    await cold.close();
  });

  test("passes a Failure on as one", async () => {
    await expect(pool.run(tasks.refuse, 7, noCaller)).rejects.toMatchObject({
      name: "Failure",
      code: "UNBLOCK_USER_NOT_FOUND",
      data: { user_id: 7 },
    });
  });

  test("passes any other error on with its stack", async () => {
    const error = await pool.run(tasks.breakDown, "broken", noCaller).catch((reason) => reason);
    expect(error.message).toBe("broken");
    expect(error.stack).toContain("breakDown");
    expect(error).not.toHaveProperty("kind");
  });

  test("tells a computation that it was cancelled, and keeps its thread", async () => {
    const reached = createGate();
    const cancel = new AbortController();
    const run = pool.run(tasks.computeUntilStopped, reached, cancel);
    await vi.waitUntil(() => Atomics.load(reached, 0) === 1);
    cancel.abort(new Error("gave up"));
    await expect(run).rejects.toThrow("gave up");
    await vi.waitUntil(() => Atomics.load(reached, 0) === 2);
    expect((await pool.run(tasks.double, 1, noCaller)).value).toBe(2);
  });

  test("keeps its thread when a task can't be copied to it", async () => {
    const { ranOn } = await pool.run(tasks.double, 1, noCaller);
    const uncopyable = { ...tasks.double, run: String };
    await expect(pool.run(uncopyable, () => {}, noCaller)).rejects.toThrow("could not be cloned");
    expect((await pool.run(tasks.double, 1, noCaller)).ranOn).toEqual(ranOn);
  });

  test("names the missing export of a task", async () => {
    const missing = { ...tasks.double, name: "triple" };
    await expect(pool.run(missing, 1, noCaller)).rejects.toThrow('export a function "triple"');
  });
});

test("a thread pool stops the thread of a task that never ends, and reports it to the caller", async () => {
  const logged: string[] = [];
  const pool = createThreadPool("blocking-pool", 1, 1, (line) => logged.push(line));
  const { ranOn } = await pool.run(tasks.double, 1, noCaller);
  // Fakes only this thread's clock; the task's own thread continues.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const run = pool.run(tasks.hang, null, noCaller);
  const lost = expect(run).rejects.toMatchObject({
    code: "UNBLOCK_TASK_LOST",
    data: { executor: "blocking-pool", task: "hang" },
  });
  await vi.advanceTimersByTimeAsync(60_000);
  vi.useRealTimers();
  await lost;
  const next = await pool.run(tasks.double, 1, noCaller);
  expect(next.ranOn.thread).not.toBe(ranOn.thread);
  expect(logged).toEqual([expect.stringContaining("hang")]);
  await pool.close();
});

test("a thread pool closes in the middle of a task that never ends", async () => {
  const logged: string[] = [];
  const pool = createThreadPool("blocking-pool", 2, 1, (line) => logged.push(line));
  const reached = createGate();
  const runs = [
    pool.run(tasks.hang, null, noCaller),
    pool.run(tasks.computeUntilStopped, reached, noCaller),
  ];
  const ended = Promise.allSettled(runs);
  await vi.waitUntil(() => Atomics.load(reached, 0) === 1);
  await pool.close();
  expect((await ended).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(pool.vitals()).toMatchObject({ running: 0 });
  expect(logged).toEqual([]);
});
