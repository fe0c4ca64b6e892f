import { connectRedis, type RedisConnection } from "@unblock/executors/queue/connection";
import { eventsQueue, type JobData } from "@unblock/executors/queue/protocol";
import { serveAnalytics, type TestAnalytics } from "@unblock/test/analytics";
import { runCommand } from "@unblock/test/cli";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { Queue } from "bullmq";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const password = "hidden-from-all";

describe.skipIf(!hasRedis())("jobs that failed (skipped without redis-server)", () => {
  let redis: TestRedis;
  let analytics: TestAnalytics;
  let worker: WorkerProcess;
  let connection: RedisConnection;
  let queue: Queue<JobData>;
  beforeAll(async () => {
    redis = await startRedis({ password });
    analytics = await serveAnalytics();
    worker = await startWorkerProcess(redis.url);
    connection = connectRedis({ url: redis.url, log: () => {} });
    queue = new Queue(eventsQueue, { connection: connection.client });
    queue.on("error", () => {});
  });
  afterAll(async () => {
    connection.close();
    await worker.kill();
    await analytics.close();
    await redis.close();
  });

  const command = async (...args: string[]) => {
    const ran = await runCommand(process.execPath, [
      "worker/main.ts",
      ...args,
      "--redis-url",
      redis.url,
    ]);
    expect(`${ran.stdout}${ran.stderr}`).not.toContain(password);
    return ran;
  };
  /** One attempt only, so that the test does not wait for ten. */
  const addEvent = (event: string) =>
    queue.add(
      "x",
      {
        task: "track-event/sendEvent",
        input: { analyticsUrl: analytics.url, event, userId: 1 },
      },
      { attempts: 1, jobId: event },
    );

  test("are listed, retried one by one or all, and arrive", async () => {
    expect(await command("failed")).toEqual({
      code: 0,
      stdout: "No job has failed.\n",
      stderr: "",
    });
    analytics.failing = true;
    for (const event of ["first", "second", "third\u{1b}[2J"]) {
      await addEvent(event);
    }
    await vi.waitUntil(async () => (await queue.getFailedCount()) === 3, { timeout: 20_000 });

    const list = await command("failed", "--json");
    const { jobs, total } = JSON.parse(list.stdout);
    expect({ code: list.code, total }).toEqual({ code: 0, total: 3 });
    expect(jobs.map(({ id }: { id: string }) => id).sort()).toEqual([
      "first",
      "second",
      "third\u{1b}[2J",
    ]);
    expect(jobs.find(({ id }: { id: string }) => id === "first")).toEqual({
      id: "first",
      queue: "unblock-events",
      task: "track-event/sendEvent",
      input: { analyticsUrl: analytics.url, event: "first", userId: 1 },
      attempts: 1,
      failed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      reason: 'The backend "analytics" does not answer (HTTP status 503).',
    });

    const table = await command("failed");
    expect(table.stdout).toContain("3 jobs have failed.");
    expect(table.stdout).toContain('reason: The backend "analytics" does not answer');
    expect(table.stdout).not.toContain("\u{1b}");

    analytics.failing = false;
    expect(await command("retry", "first")).toMatchObject({
      code: 0,
      stdout: "1 job is tried again.\n",
    });
    await vi.waitUntil(() => analytics.events.includes("first"), { timeout: 20_000 });
    expect(analytics.events).toEqual(["first"]);

    const retried = await command("retry", "--all", "--json");
    expect(retried).toMatchObject({ code: 0, stdout: '{"retried":2}\n' });
    await vi.waitUntil(() => analytics.events.length === 3, { timeout: 20_000 });
    expect((await command("failed")).stdout).toBe("No job has failed.\n");
  });

  test("that do not exist can't be retried: exits with 2", async () => {
    expect(await command("retry", "nobody")).toEqual({
      code: 2,
      stdout: "",
      stderr: 'There is no failed job "nobody".\n',
    });
    // A finished job has not failed.
    await addEvent("fine");
    await vi.waitUntil(() => analytics.events.includes("fine"), { timeout: 20_000 });
    expect(await command("retry", "fine")).toMatchObject({ code: 2 });
  });

  test.each([
    [[], "got neither."],
    [["one", "--all"], "got both."],
  ])("rejects retry %j", async (args, got) => {
    expect(await command("retry", ...args)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`Expected the id of a job or --all, ${got}`),
    });
  });
});

test.skipIf(!hasRedis())("without a Redis the commands say what they need", async () => {
  const { code, stdout, stderr } = await runCommand(process.execPath, ["worker/main.ts", "failed"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toBe(
    "error: Expected the Redis that the server has as well, got none: set REDIS_URL, " +
      "or give --redis-url redis://host:6379\n",
  );
});
