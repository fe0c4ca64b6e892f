import { tasks } from "@unblock/test/tasks";
import { describe, expect, test, vi } from "vitest";
import { createBackground } from "./background.ts";
import { type LocalContext, task } from "./executor.ts";

function createTestBackground(maxQueue = 10) {
  const logged: string[] = [];
  const background = createBackground({
    cpuWorkers: 1,
    blockingThreads: 1,
    libuvThreads: 1,
    processes: 1,
    maxQueue,
    log: (line) => logged.push(line),
  });
  return { background, logged };
}

/** A task that ends on demand. */
function createHeldTask(log: string[]) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const run = async (name: string) => {
    log.push(`${name} began`);
    await promise;
    log.push(`${name} ended`);
  };
  return { held: task<string, void, LocalContext>(import.meta.url, run), release: resolve };
}

describe("background", () => {
  test("accepts at once, and starts after the response", async () => {
    const { background } = createTestBackground();
    const log: string[] = [];
    const { held, release } = createHeldTask(log);
    const { ranOn } = await background.accept(held, "a");
    log.push("answered");
    expect(ranOn).toEqual({ executor: "background", pid: process.pid });
    await vi.waitUntil(() => log.length === 2);
    release();
    await background.close(10_000);
    expect(log).toEqual(["answered", "a began", "a ended"]);
  });

  test("waits at close for all accepted tasks", async () => {
    const { background, logged } = createTestBackground(200);
    const log: string[] = [];
    const { held, release } = createHeldTask(log);
    await Promise.all(Array.from({ length: 100 }, (_, n) => background.accept(held, String(n))));
    expect(background.vitals()).toMatchObject({ running: 64, queued: 36 });
    const closed = background.close(10_000).then(() => log.push("closed"));
    release();
    await closed;
    expect(log).toHaveLength(201);
    expect(log.at(-1)).toBe("closed");
    expect(logged).toEqual([]);
    expect(background.vitals()).toMatchObject({ completed: 100, failed: 0 });
  });

  test("accepts nothing more when the queue is full", async () => {
    const { background } = createTestBackground(1);
    const { held, release } = createHeldTask([]);
    const accepted = Array.from({ length: 65 }, () => background.accept(held, "a"));
    await Promise.all(accepted);
    await expect(background.accept(held, "b")).rejects.toMatchObject({ kind: "overloaded" });
    release();
    await background.close(10_000);
    expect(background.vitals()).toMatchObject({ completed: 65, rejected: 1 });
  });

  test("logs and counts a task that failed", async () => {
    const { background, logged } = createTestBackground();
    await background.accept(tasks.breakDown, "no such host");
    await background.close(10_000);
    expect(logged).toEqual(["Background task breakDown failed and is lost: no such host"]);
    expect(background.vitals()).toMatchObject({ completed: 0, failed: 1 });
  });

  test("reports at close how many tasks did not end", async () => {
    const { background, logged } = createTestBackground();
    await background.accept(tasks.waitForSignal, null);
    await background.close(1);
    expect(logged[0]).toBe("1 background tasks did not end within 1 ms and are lost.");
    expect(logged[1]).toContain("waitForSignal failed and is lost: the server closed");
  });
});
