import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { createHungFile, type HungFile } from "@unblock/test/hung-file";
import { createGate, noCaller, openGate, tasks } from "@unblock/test/tasks";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLibuv } from "./local.ts";
import { createThreadPool } from "./thread-pool.ts";

let logged: string[];
let file: HungFile;
beforeEach(() => {
  logged = [];
  file = createHungFile();
  // Fakes only this thread's clock; the tasks' threads continue.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});
const log = (line: string) => logged.push(line);

/** A call that can be cancelled, with its outcome. */
function callAndGiveUp(run: (call: { signal: AbortSignal }) => Promise<unknown>) {
  const caller = new AbortController();
  const heard = run(caller).catch((error: Error) => error.message);
  return { heard, cancel: () => caller.abort(new Error("gave up")) };
}

describe.skipIf(process.platform === "win32")("a thread that is blocked in the kernel", () => {
  test("keeps its slot until it has ended, and is replaced within the bound", async () => {
    const pool = createThreadPool("blocking-pool", 1, 1, log);
    const { ranOn } = await pool.run(tasks.double, 1, noCaller);
    const hang = async ({ path, reached }: HungFile) => {
      const call = callAndGiveUp((caller) => pool.run(tasks.readBlocking, path, caller));
      await reached();
      call.cancel();
      expect(await call.heard).toBe("gave up");
      await vi.advanceTimersByTimeAsync(5_000);
    };
    await hang(file);
    // After it was killed, it has some time to end.
    const waiting = pool.run(tasks.double, 2, noCaller);
    expect(pool.vitals()).toMatchObject({ running: 1, queued: 1, stuck: 0 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(pool.vitals()).toMatchObject({ queued: 0, stuck: 1 });
    expect((await waiting).ranOn.thread).not.toBe(ranOn.thread);
    expect(logged).toEqual([expect.stringContaining("readBlocking")]);

    const another = createHungFile();
    await hang(another);
    const turnedAway = pool.run(tasks.double, 3, noCaller).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(2_000);
    const shut = { code: "UNBLOCK_EXECUTOR_STUCK", data: { stuck: 2, executor: "blocking-pool" } };
    expect(await turnedAway).toMatchObject(shut);
    await expect(pool.run(tasks.double, 4, noCaller)).rejects.toMatchObject(shut);
    expect(pool.vitals()).toMatchObject({ running: 2, queued: 0, stuck: 2, rejected: 2 });

    another.release();
    await vi.waitUntil(() => pool.vitals().stuck === 1);
    file.release();
    await vi.waitUntil(() => pool.vitals().running === 0);
    expect(pool.vitals()).toMatchObject({ size: 1, stuck: 0, failed: 2 });
    const gate = createGate();
    const held = pool.run(tasks.waitForGate, gate, noCaller);
    const next = pool.run(tasks.double, 5, noCaller);
    expect(pool.vitals()).toMatchObject({ running: 1, queued: 1 });
    openGate(gate);
    expect([(await held).value, (await next).value]).toEqual(["through", 10]);
    await pool.close();
  });

  test("does not delay closing its executor", async () => {
    const pool = createThreadPool("blocking-pool", 1, 1, log);
    const read = pool.run(tasks.readBlocking, file.path, noCaller).catch((error: Error) => error);
    await file.reached();
    vi.useRealTimers();
    await pool.close();
    expect(logged).toHaveLength(1);
    file.release();
    expect(await read).toBeInstanceOf(Error);
    expect(pool.vitals()).toMatchObject({ running: 0 });
  });

  test("rejects its caller, which has no deadline", async () => {
    const pool = createThreadPool("blocking-pool", 1, 1, log);
    await pool.run(tasks.double, 1, noCaller);
    const lost = expect(pool.run(tasks.readBlocking, file.path, noCaller)).rejects.toMatchObject({
      code: "UNBLOCK_TASK_LOST",
      data: { executor: "blocking-pool", task: "readBlocking" },
    });
    await file.reached();
    await vi.advanceTimersByTimeAsync(62_000);
    await lost;
    expect(pool.vitals()).toMatchObject({ running: 1, stuck: 1 });
    file.release();
    vi.useRealTimers();
    await vi.waitUntil(() => pool.vitals().running === 0);
    await pool.close();
  });
});

describe.skipIf(process.platform === "win32")("a thread of libuv's pool that is blocked", () => {
  const libuvThreads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const config = { cpuWorkers: 1, blockingThreads: 1, processes: 1, maxQueue: 1, libuvThreads };

  test("keeps its slot, counts as stuck, and leaves threads to the server", async () => {
    const libuv = createLibuv({ ...config, log });
    const { size } = libuv.vitals();
    expect(size).toBeLessThan(libuvThreads);
    const calls = Array.from({ length: size }, () =>
      callAndGiveUp((caller) => libuv.run(tasks.readAsync, file.path, caller)),
    );
    const waits = callAndGiveUp((caller) => libuv.run(tasks.readAsync, file.path, caller));
    for (const call of calls) {
      call.cancel();
      expect(await call.heard).toBe("gave up");
    }
    expect(libuv.vitals()).toMatchObject({ running: size, queued: 1, stuck: 0 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(libuv.vitals()).toMatchObject({ running: size, queued: 0, stuck: size });
    expect(await waits.heard).toContain(`All ${size} slots of "libuv" are held by tasks`);
    expect(logged.at(-1)).toContain(`Tasks of "libuv" that are stuck now: ${size}.`);
    const packed = await promisify(gzip)("the server's own");
    expect(packed.length).toBeGreaterThan(0);

    file.release();
    vi.useRealTimers();
    await vi.waitUntil(() => libuv.vitals().running === 0);
    expect(libuv.vitals()).toMatchObject({ stuck: 0 });
  });
});

test("gives no task to a thread that is being stopped", async () => {
  const pool = createThreadPool("blocking-pool", 1, 1, log);
  await pool.run(tasks.double, 1, noCaller);
  const gate = createGate();
  const call = callAndGiveUp((caller) => pool.run(tasks.waitForGate, gate, caller));
  call.cancel();
  await call.heard;
  await vi.advanceTimersByTimeAsync(4_999);
  const next = pool.run(tasks.double, 21, noCaller);
  openGate(gate);
  // Its outcome is on its way, and this thread has not seen it yet.
  Atomics.wait(createGate(), 0, 0, 200);
  vi.advanceTimersByTime(1);
  expect((await next).value).toBe(42);
  vi.useRealTimers();
  await pool.close();
});
