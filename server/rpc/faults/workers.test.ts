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

/** A call that runs until it is let go. */
async function hold(place: RemotePlace, running: number) {
  const path = join(folder, `${files++}`);
  const reply = server.run(place, "waitForFile", path);
  await vi.waitUntil(async () => (await server.place(place)).running === running, waitOptions);
  return {
    letGo: () => {
      writeFileSync(path, "");
      return reply;
    },
  };
}

/** Where a place runs its tasks: both seats of it, each asked for while the other was held. */
async function seatsOf(place: RemotePlace): Promise<Set<string | undefined>> {
  const first = await hold(place, 1);
  const second = await hold(place, 2);
  const replies = await Promise.all([first.letGo(), second.letGo()]);
  return new Set(replies.map(({ seat }) => seat));
}

interface Fault {
  /** A function of testing/tasks.ts. */
  readonly task: string;
  readonly input?: unknown;
  readonly timeoutMs?: number;
}

/**
 * Has a place lose a task while another task of it is in the middle of its work, calls wait behind
 * both, and other places are called; and sees to it that this costs that one call and its seat.
 */
async function lose(
  place: RemotePlace,
  { task, input, ...options }: Fault,
  others = remotePlaces.filter((other) => other !== place),
): Promise<Reply> {
  const before = await seatsOf(place);
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
  const { seat: heldSeat } = await held.letGo();
  expect(before).toContain(heldSeat);
  for (const { seat } of served) {
    expect(before).not.toContain(seat);
  }
  const after = await seatsOf(place);
  expect(after.size).toBe(2);
  expect(before.intersection(after)).toEqual(new Set([heldSeat]));
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
    ["breaks down outside of its task", breaksDown, "TypeError: broken later"],
  ])("that %s costs one call, tells the log why, and is replaced", async (_, fault, why) => {
    const message = `The place "${place}" lost the task ${fault.task}: its thread ended in the middle of it.`;
    expect(await lose(place, fault)).toMatchObject({ code: "unavailable", message });
    expect(server.logged).toContainEqual(expect.stringContaining(`${message} ${why}`));
  });
});

describe("a process", () => {
  test.each([
    ["exits", exits, "exit code 3"],
    ["breaks down outside of its task", breaksDown, "exit code 1"],
    ["is killed", isKilled, "SIGKILL"],
  ])("that %s costs one call, tells the log how, and is replaced", async (_, fault, how) => {
    const { code, message } = await lose("processes", fault);
    expect(code).toBe("unavailable");
    expect(message.replace(/\d+ ended/, "N ended")).toBe(
      `The place "processes" lost the task ${fault.task}: its process N ended in the middle of it (${how}).`,
    );
    expect(server.logged).toContain(`A worker process ended (${how}); starting another.`);
  });
});

describe("a task that takes more memory than it may", () => {
  // Another try would end the same way, so the code is not one that clients try again for.
  test.each(remotePlaces)("costs one call, whose caller is told so: %s", async (place) => {
    expect(await lose(place, takesAllMemory)).toMatchObject({
      code: "resource_exhausted",
      message:
        `The place "${place}" lost the task takeAllMemory: it needed more than the 256 MiB of memory ` +
        "that a task may have. Ask for less at once.",
    });
  });
});

describe("a task that never ends", () => {
  test("fails at its caller's deadline, and its process is replaced", async () => {
    expect(await lose("processes", neverEnds)).toMatchObject({ code: "deadline_exceeded" });
  });

  // Both pools at once, since each waits seconds for the task to end by itself.
  test("fails at its caller's deadline, and its thread is stopped and replaced", async () => {
    const replies = await Promise.all(
      threadPools.map((place) => lose(place, neverEnds, ["processes"])),
    );
    expect(replies.map(({ code }) => code)).toEqual(["deadline_exceeded", "deadline_exceeded"]);
    expect(server.logged).toEqual(
      expect.arrayContaining(
        threadPools.map(
          (place) =>
            `The place "${place}" lost the task hang: it did not end within 5000 ms after it was ` +
            "cancelled, so its thread was stopped.",
        ),
      ),
    );
  });
});
