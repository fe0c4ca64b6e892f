import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@unblock/test/folder";
import { createGate, noCaller, tasks } from "@unblock/test/tasks";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Executor, ExecutorsConfig } from "./executor.ts";
import { createProcesses } from "./processes.ts";

describe("processes", () => {
  const logged: string[] = [];
  const config: ExecutorsConfig = {
    cpuWorkers: 1,
    blockingThreads: 1,
    libuvThreads: 1,
    processes: 1,
    maxQueue: 10,
    log: (line) => logged.push(line),
  };
  let executor: Executor;
  beforeAll(() => {
    executor = createProcesses(config);
  });
  afterAll(() => executor.close());
  afterEach(() => {
    vi.useRealTimers();
  });

  const pidOf = async () => (await executor.run(tasks.double, 1, noCaller)).ranOn.pid;

  test("run tasks in another process, the same one each time", async () => {
    const pid = await pidOf();
    expect(pid).not.toBe(process.pid);
    expect(await pidOf()).toBe(pid);
  });

  test("pass a Failure on as one", async () => {
    await expect(executor.run(tasks.refuse, 7, noCaller)).rejects.toMatchObject({
      code: "UNBLOCK_USER_NOT_FOUND",
      data: { user_id: 7 },
    });
  });

  test("lose one task in a crash, report it, and continue in a new process", async () => {
    const pid = await pidOf();
    const crashed = executor.run(tasks.crash, null, noCaller);
    const next = executor.run(tasks.double, 4, noCaller);
    await expect(crashed).rejects.toMatchObject({
      code: "UNBLOCK_TASK_LOST",
      data: { executor: "processes", task: "crash", reason: expect.stringContaining(`${pid}`) },
    });
    const { value, ranOn } = await next;
    expect(value).toBe(8);
    expect(ranOn.pid).not.toBe(pid);
    expect(logged).toContainEqual(expect.stringContaining("SIGKILL"));
  });

  test("give no task to a process that is being killed", async () => {
    const folder = temporaryFolder();
    const paths = { began: join(folder, "began"), end: join(folder, "end") };
    const cancel = new AbortController();
    const run = executor.run(tasks.markAndWait, paths, cancel).catch(() => {});
    await vi.waitUntil(() => existsSync(paths.began), 20_000);
    const next = executor.run(tasks.double, 21, noCaller);
    writeFileSync(paths.end, "");
    // Its outcome is on its way, and this process has not seen it yet.
    Atomics.wait(createGate(), 0, 0, 200);
    cancel.abort(new Error("gave up"));
    await run;
    expect((await next).value).toBe(42);
  });

  test("restart although a grandchild holds their standard error", async () => {
    const pid = await pidOf();
    await expect(executor.run(tasks.crashWithHeir, null, noCaller)).rejects.toMatchObject({
      code: "UNBLOCK_TASK_LOST",
      data: { reason: expect.stringContaining(`${pid}`) },
    });
    expect(await pidOf()).not.toBe(pid);
  });

  test.each([
    ["", () => {}],
    [", also when it is stopped", (pid: number) => process.kill(pid, "SIGSTOP")],
  ])("kill a cancelled task with its process%s", async (_, hold) => {
    const pid = await pidOf();
    const cancel = new AbortController();
    const mark = join(temporaryFolder(), "began");
    const run = executor.run(tasks.markAndHang, mark, cancel);
    await vi.waitUntil(() => existsSync(mark), 20_000);
    hold(pid);
    cancel.abort(new Error("gave up"));
    await expect(run).rejects.toThrow("gave up");
    expect(await pidOf()).not.toBe(pid);
  });

  test("kill a task that never ends with its process, and report it to the caller", async () => {
    const pid = await pidOf();
    // Fakes only this process's clock; the task's own continues.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const lost = expect(executor.run(tasks.hang, null, noCaller)).rejects.toMatchObject({
      code: "UNBLOCK_TASK_LOST",
      data: { executor: "processes", task: "hang", reason: expect.stringContaining(`${pid}`) },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    vi.useRealTimers();
    await lost;
    expect(await pidOf()).not.toBe(pid);
  });

  test("survive a task that can't be copied", async () => {
    const pid = await pidOf();
    const uncopyable = { ...tasks.double, run: String };
    await expect(executor.run(uncopyable, () => {}, noCaller)).rejects.toThrow(
      "could not be cloned",
    );
    expect(await pidOf()).toBe(pid);
  });

  test("close in the middle of a task that never ends", async () => {
    const closing = createProcesses(config);
    const { ranOn } = await closing.run(tasks.double, 1, noCaller);
    const run = closing.run(tasks.hang, null, noCaller);
    const lost = expect(run).rejects.toMatchObject({ kind: "unavailable" });
    await closing.close();
    await lost;
    expect(() => process.kill(ranOn.pid, 0)).toThrow("ESRCH");
  });

  test("are restarted after a backoff when they can't be started", async () => {
    const log: string[] = [];
    const program = process.execPath;
    process.execPath = "/nowhere/node";
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const starting = createProcesses({ ...config, log: (line) => log.push(line) });
    await expect(starting.run(tasks.double, 1, noCaller)).rejects.toMatchObject({
      code: "UNBLOCK_TASK_LOST",
      data: { executor: "processes", task: "double" },
    });
    const why = expect.stringContaining("spawn /nowhere/node ENOENT");
    const waiting = starting.run(tasks.double, 21, noCaller);
    await vi.advanceTimersByTimeAsync(999);
    // Without the backoff, many starts would have failed by now.
    await executor.run(tasks.double, 1, noCaller);
    expect(log).toEqual([why]);
    process.execPath = program;
    await vi.advanceTimersByTimeAsync(1);
    vi.useRealTimers();
    expect((await waiting).value).toBe(42);
    expect(log).toEqual([why]);
    await starting.close();
  });
});
