import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  type RemotePlace,
  remotePlaces,
  startTaskServer,
  type TaskServer,
} from "../../../testing/task-server.ts";
import type { Reply } from "../../../testing/test-server.ts";

const waitOptions = { timeout: 25_000, interval: 20 };
const threadPools = ["workers", "threads"] as const;

let server: TaskServer;
let folder: string;
let files = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "workers-test-"));
  server = await startTaskServer({ cpuWorkers: 2, blockingThreads: 2, processes: 2 });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Starts a call that runs until it is released. */
async function hold(place: RemotePlace, running: number) {
  const path = join(folder, `${files++}`);
  const reply = server.run(place, "waitForFile", path);
  await vi.waitUntil(async () => (await server.place(place)).running === running, waitOptions);
  return {
    release: () => {
      writeFileSync(path, "");
      return reply;
    },
  };
}

/** Returns both slots of an executor, each observed while the other was occupied. */
async function slotsOf(place: RemotePlace): Promise<Set<string | undefined>> {
  const first = await hold(place, 1);
  const second = await hold(place, 2);
  const replies = await Promise.all([first.release(), second.release()]);
  return new Set(replies.map(({ seat }) => seat));
}

interface Fault {
  /** A function of testing/tasks.ts. */
  readonly task: string;
  readonly input?: unknown;
  readonly timeoutMs?: number;
}

/**
 * Makes an executor lose a task while another task runs in it, calls wait behind both, and other executors are
 * called; asserts that this costs only that call and its slot.
 */
async function lose(
  place: RemotePlace,
  { task, input, ...options }: Fault,
  others = remotePlaces.filter((other) => other !== place),
): Promise<Reply> {
  const before = await slotsOf(place);
  const held = await hold(place, 1);
  const lost = server.run(place, task, input, options);
  const behind = [1, 2, 3, 4].map((number) => server.run(place, "double", number));
  const elsewhere = others.map((other) => server.run(other, "double", 21));
  for (const reply of await Promise.all(elsewhere)) {
    expect(reply).toMatchObject({ code: "ok", body: { hash: "42" } });
  }
  const reply = await lost;
  const served = await Promise.all(behind);
  expect(served).toMatchObject(
    ["2", "4", "6", "8"].map((hash) => ({ code: "ok", body: { hash } })),
  );
  const { seat: heldSlot } = await held.release();
  expect(before).toContain(heldSlot);
  for (const { seat } of served) {
    expect(before).not.toContain(seat);
  }
  const after = await slotsOf(place);
  expect(after.size).toBe(2);
  expect(before.intersection(after)).toEqual(new Set([heldSlot]));
  expect(await server.place(place)).toMatchObject({ size: 2, running: 0, queued: 0 });
  return reply;
}

const exits: Fault = { task: "exit", input: 3 };
const breaksDown: Fault = { task: "breakLater", input: "broken later" };
const takesAllMemory: Fault = { task: "takeAllMemory" };
const isKilled: Fault = { task: "crash" };
const neverEnds: Fault = { task: "hang", timeoutMs: 1_000 };

describe.each(threadPools)("a thread of %s", (place) => {
  test.each([
    ["exits", exits, "Error: worker exited with code: 3"],
    ["crashes outside of its task", breaksDown, "TypeError: broken later"],
  ])("that %s costs one call, logs the cause, and is replaced", async (_, fault, why) => {
    expect(await lose(place, fault)).toMatchObject({
      code: "unavailable",
      error: "UNBLOCK_TASK_LOST",
      data: { executor: place, task: fault.task },
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
  test.each(remotePlaces)("costs one call: %s", async (place) => {
    expect(await lose(place, takesAllMemory)).toMatchObject({
      code: "resource_exhausted",
      error: "UNBLOCK_TASK_OUT_OF_MEMORY",
      data: { executor: place, task: "takeAllMemory", max_mib: "256" },
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
      threadPools.map((place) => lose(place, neverEnds, ["processes"])),
    );
    expect(replies.map(({ code }) => code)).toEqual(["deadline_exceeded", "deadline_exceeded"]);
    expect(server.logged).toEqual(
      expect.arrayContaining(
        threadPools.map((place) => expect.stringMatching(new RegExp(`"${place}".* hang.*5000 ms`))),
      ),
    );
  });
});
