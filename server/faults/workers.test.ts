import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@unblock/test/folder";
import {
  type RemoteExecutor,
  remoteExecutors,
  startTaskServer,
  type TaskServer,
} from "@unblock/test/task-server";
import type { Reply } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const waitOptions = { timeout: 25_000, interval: 20 };
const threadPools = ["cpu-pool", "blocking-pool"] as const;

let server: TaskServer;
const folder = temporaryFolder();
let files = 0;
beforeAll(async () => {
  server = await startTaskServer({ cpuWorkers: 2, blockingThreads: 2, processes: 2 });
});
afterAll(async () => {
  await server.close();
});

/** Starts a call that runs until it is released. */
async function hold(executor: RemoteExecutor, running: number) {
  const path = join(folder, `${files++}`);
  const reply = server.run(executor, "waitForFile", path);
  await vi.waitUntil(
    async () => (await server.executor(executor)).running === running,
    waitOptions,
  );
  return {
    release: () => {
      writeFileSync(path, "");
      return reply;
    },
  };
}

/** Returns both slots of an executor, each observed while the other was occupied. */
async function slotsOf(executor: RemoteExecutor): Promise<Set<string | undefined>> {
  const first = await hold(executor, 1);
  const second = await hold(executor, 2);
  const replies = await Promise.all([first.release(), second.release()]);
  return new Set(replies.map(({ slot }) => slot));
}

interface Fault {
  /** A function of test/tasks.ts. */
  readonly task: string;
  readonly input?: unknown;
  readonly timeoutMs?: number;
}

/**
 * Makes an executor lose a task while another task runs in it, calls wait behind both, and other executors are
 * called; asserts that this costs only that call and its slot.
 */
async function lose(
  executor: RemoteExecutor,
  { task, input, ...options }: Fault,
  others = remoteExecutors.filter((other) => other !== executor),
): Promise<Reply> {
  const before = await slotsOf(executor);
  const held = await hold(executor, 1);
  const lost = server.run(executor, task, input, options);
  const behind = [1, 2, 3, 4].map((number) => server.run(executor, "double", number));
  const elsewhere = others.map((other) => server.run(other, "double", 21));
  for (const reply of await Promise.all(elsewhere)) {
    expect(reply).toMatchObject({ code: "ok", body: { hash: "42" } });
  }
  const reply = await lost;
  const served = await Promise.all(behind);
  expect(served).toMatchObject(
    ["2", "4", "6", "8"].map((hash) => ({ code: "ok", body: { hash } })),
  );
  const { slot: heldSlot } = await held.release();
  expect(before).toContain(heldSlot);
  for (const { slot } of served) {
    expect(before).not.toContain(slot);
  }
  const after = await slotsOf(executor);
  expect(after.size).toBe(2);
  expect(before.intersection(after)).toEqual(new Set([heldSlot]));
  expect(await server.executor(executor)).toMatchObject({ size: 2, running: 0, queued: 0 });
  return reply;
}

const exits: Fault = { task: "exit", input: 3 };
const breaksDown: Fault = { task: "breakLater", input: "broken later" };
const takesAllMemory: Fault = { task: "takeAllMemory" };
const isKilled: Fault = { task: "crash" };
const neverEnds: Fault = { task: "hang", timeoutMs: 1_000 };

describe.each(threadPools)("a thread of %s", (executor) => {
  test.each([
    ["exits", exits, "Error: worker exited with code: 3"],
    ["crashes outside of its task", breaksDown, "TypeError: broken later"],
  ])("that %s costs one call, logs the cause, and is replaced", async (_, fault, why) => {
    expect(await lose(executor, fault)).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_TASK_LOST",
      data: { executor: executor, task: fault.task },
    });
    expect(server.logged).toContainEqual(expect.stringContaining(why));
  });
});

describe("a process", () => {
  test.each([
    ["exits", exits, "exit code 3"],
    ["crashes outside of its task", breaksDown, "exit code 1"],
    ["is killed", isKilled, "SIGKILL"],
  ])("that %s costs one call, logs the exit, and is replaced", async (_, fault, how) => {
    expect(await lose("processes", fault)).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_TASK_LOST",
      data: { executor: "processes", task: fault.task, reason: expect.stringContaining(how) },
    });
    expect(server.logged).toContainEqual(expect.stringContaining(`(${how})`));
  });
});

describe("a task over its memory limit", () => {
  // A retry would end the same way, so the code is not one that clients retry.
  test.each(remoteExecutors)("costs one call: %s", async (executor) => {
    expect(await lose(executor, takesAllMemory)).toMatchObject({
      code: "resource_exhausted",
      error: "UNBLOCK_TASK_OUT_OF_MEMORY",
      data: { executor: executor, task: "takeAllMemory", max_mib: "256" },
    });
  });
});

describe("a task that never ends", () => {
  test("fails at its deadline, and its process is replaced", async () => {
    expect(await lose("processes", neverEnds)).toMatchObject({ code: "deadline_exceeded" });
  });

  // Both pools at once, since each waits seconds for the task to end.
  test("fails at its deadline, and its thread is stopped and replaced", async () => {
    const replies = await Promise.all(
      threadPools.map((executor) => lose(executor, neverEnds, ["processes"])),
    );
    expect(replies.map(({ code }) => code)).toEqual(["deadline_exceeded", "deadline_exceeded"]);
    expect(server.logged).toEqual(
      expect.arrayContaining(
        threadPools.map((executor) =>
          expect.stringMatching(new RegExp(`"${executor}".* hang.*5000 ms`)),
        ),
      ),
    );
  });
});
