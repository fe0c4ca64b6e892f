import { noCaller } from "@unblock/test/tasks";
import { describe, expect, test } from "vitest";
import { Admission } from "./admission.ts";

/** A job that ends on demand and logs its start. */
function createJob(log: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const run = () => {
    log.push(name);
    return promise;
  };
  return { run, end: () => resolve(name), fail: (error: Error) => reject(error) };
}

describe("Admission", () => {
  test("runs one job per slot, and the rest in order of arrival", async () => {
    const admission = new Admission("executor", 2, 10);
    const log: string[] = [];
    const jobs = ["a", "b", "c", "d"].map((name) => createJob(log, name));
    const ended = jobs.map(({ run }) => admission.run(run, noCaller));
    expect(log).toEqual(["a", "b"]);
    expect(admission.vitals()).toMatchObject({ running: 2, queued: 2 });
    jobs[1]?.end();
    await ended[1];
    expect(log).toEqual(["a", "b", "c"]);
    for (const { end } of jobs) {
      end();
    }
    expect(await Promise.all(ended)).toEqual(["a", "b", "c", "d"]);
    expect(log).toEqual(["a", "b", "c", "d"]);
    expect(admission.vitals()).toMatchObject({ running: 0, maxRunning: 2, completed: 4 });
  });

  test("rejects at once when the queue is full", async () => {
    const admission = new Admission("executor", 1, 1);
    const log: string[] = [];
    const jobs = ["a", "b", "c"].map((name) => createJob(log, name));
    const [first, second, third] = jobs.map(({ run }) => admission.run(run, noCaller));
    await expect(third).rejects.toMatchObject({
      code: "UNBLOCK_QUEUE_FULL",
      data: { executor: "executor", running: 1, waiting: 1 },
    });
    jobs[0]?.end();
    jobs[1]?.end();
    await Promise.all([first, second]);
    expect(log).toEqual(["a", "b"]);
    expect(admission.vitals()).toMatchObject({ rejected: 1, completed: 2 });
  });

  test("never runs a job that was cancelled while it waited", async () => {
    const admission = new Admission("executor", 1, 10);
    const log: string[] = [];
    const [a, b, c] = ["a", "b", "c"].map((name) => createJob(log, name));
    const cancel = new AbortController();
    const first = admission.run(() => a?.run() ?? Promise.reject(), noCaller);
    const second = admission.run(() => b?.run() ?? Promise.reject(), cancel);
    const third = admission.run(() => c?.run() ?? Promise.reject(), noCaller);
    cancel.abort(new Error("gave up"));
    await expect(second).rejects.toThrow("gave up");
    a?.end();
    c?.end();
    await Promise.all([first, third]);
    expect(log).toEqual(["a", "c"]);
    expect(admission.vitals()).toMatchObject({ cancelled: 1, queued: 0, completed: 2 });
  });

  test("never runs a job that was cancelled before", async () => {
    const admission = new Admission("executor", 1, 10);
    const log: string[] = [];
    const run = admission.run(createJob(log, "a").run, {
      signal: AbortSignal.abort(new Error("too late")),
    });
    await expect(run).rejects.toThrow("too late");
    expect(log).toEqual([]);
  });

  test("rejects a cancelled job's caller at once, and keeps the slot until the job has ended", async () => {
    const admission = new Admission("executor", 1, 10);
    const log: string[] = [];
    const jobs = ["a", "b"].map((name) => createJob(log, name));
    const cancel = new AbortController();
    const first = admission.run(jobs[0]?.run ?? Promise.reject, cancel);
    const second = admission.run(jobs[1]?.run ?? Promise.reject, noCaller);
    cancel.abort(new Error("gave up"));
    await expect(first).rejects.toThrow("gave up");
    expect(log).toEqual(["a"]);
    expect(admission.vitals()).toMatchObject({ running: 1, queued: 1 });
    jobs[0]?.end();
    jobs[1]?.end();
    await second;
    expect(log).toEqual(["a", "b"]);
  });

  test("frees the slot of a failed job, and counts it", async () => {
    const admission = new Admission("executor", 1, 10);
    const log: string[] = [];
    const jobs = ["a", "b"].map((name) => createJob(log, name));
    const [first, second] = jobs.map(({ run }) => admission.run(run, noCaller));
    jobs[0]?.fail(new Error("broken"));
    jobs[1]?.end();
    await expect(first).rejects.toThrow("broken");
    expect(await second).toBe("b");
    expect(admission.vitals()).toMatchObject({ failed: 1, completed: 1, running: 0 });
  });

  test("is idle when nothing runs and nothing waits", async () => {
    const admission = new Admission("executor", 1, 10);
    const log: string[] = [];
    const jobs = ["a", "b"].map((name) => createJob(log, name));
    const ended = jobs.map(({ run }) => admission.run(run, noCaller));
    const idle = admission.idle(20_000).then(() => log.push("idle"));
    jobs[0]?.end();
    jobs[1]?.end();
    await Promise.all([...ended, idle]);
    expect(log).toEqual(["a", "b", "idle"]);
    await new Admission("empty", 1, 1).idle(20_000);
  });

  test("waits for idleness no longer than the limit", async () => {
    const admission = new Admission("executor", 1, 10);
    const job = createJob([], "a");
    const ended = admission.run(job.run, noCaller);
    await admission.idle(1);
    expect(admission.vitals()).toMatchObject({ running: 1 });
    job.end();
    await ended;
  });
});
