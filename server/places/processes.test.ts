import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { never, tasks } from "../../testing/tasks.ts";
import type { Place } from "./place.ts";
import { createProcesses } from "./processes.ts";

describe("processes", () => {
  const logged: string[] = [];
  let place: Place;
  beforeAll(() => {
    place = createProcesses({
      cpuWorkers: 1,
      blockingThreads: 1,
      libuvThreads: 1,
      processes: 1,
      maxQueue: 10,
      log: (line) => logged.push(line),
    });
  });
  afterAll(() => place.close());

  const pidOf = async () => (await place.run(tasks.double, 1, never)).ranOn.pid;

  test("run tasks in another process, the same one each time", async () => {
    const pid = await pidOf();
    expect(pid).not.toBe(process.pid);
    expect(await pidOf()).toBe(pid);
  });

  test("hand a failure that is meant for the caller over as one", async () => {
    await expect(place.run(tasks.refuse, "not here", never)).rejects.toMatchObject({
      kind: "not-found",
      message: "not here",
    });
  });

  test("lose one task in a crash, say so, and go on in a new process", async () => {
    const pid = await pidOf();
    const crashed = place.run(tasks.crash, null, never);
    const next = place.run(tasks.double, 4, never);
    await expect(crashed).rejects.toMatchObject({
      kind: "unavailable",
      message: `The process ${pid} ended in the middle of the work.`,
    });
    const { value, ranOn } = await next;
    expect(value).toBe(8);
    expect(ranOn.pid).not.toBe(pid);
    expect(logged).toContainEqual(expect.stringContaining("ended (SIGKILL); starting another"));
  });

  test("end a task that nobody wants any more with its process", async () => {
    const pid = await pidOf();
    const giveUp = new AbortController();
    const run = place.run(tasks.hang, null, giveUp.signal);
    await vi.waitUntil(() => place.vitals().running === 1);
    giveUp.abort(new Error("gave up"));
    await expect(run).rejects.toThrow("gave up");
    expect(await pidOf()).not.toBe(pid);
  });
});
