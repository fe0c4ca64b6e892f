import { createHash } from "node:crypto";
import { hasRedis, startRedis } from "@unblock/test/redis";
import { startTestServer } from "@unblock/test/test-server";
import { startWorkerProcess, type WorkerProcess } from "@unblock/test/worker-process";
import { expect, test, vi } from "vitest";

const jobs = 200;
const kills = 20;
/** Tens of milliseconds of CPU each, so that a kill hits a running one. */
const rounds = 30_000;

function chain(data: string): string {
  let digest = createHash("sha256").update(data).digest();
  for (let round = 1; round < rounds; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  return digest.toString("hex");
}

test.skipIf(!hasRedis())(
  "200 jobs survive 20 workers that are killed (skipped without redis-server)",
  async () => {
    const redis = await startRedis();
    // On a slow machine, the last jobs wait longer than the default deadline.
    const server = await startTestServer({ redisUrl: redis.url, defaultTimeoutMs: 0 });
    const start = () => startWorkerProcess(redis.url);
    const workers: WorkerProcess[] = [await start(), await start()];
    let done = 0;
    const calls = Array.from({ length: jobs }, async (_, n) => {
      const reply = await server.call(
        "ComputeHash",
        { data: `job ${n}`, rounds },
        { strategy: "queue" },
      );
      done++;
      return reply;
    });
    // Spread over the jobs, each in the middle of whatever its worker does.
    for (let killed = 0; killed < kills; killed++) {
      const after = Math.floor((killed * (jobs - 20)) / kills);
      await vi.waitUntil(() => done >= after, { timeout: 60_000, interval: 5 });
      await workers.shift()?.kill();
      workers.push(await start());
    }
    const replies = await Promise.all(calls);
    const right = replies.filter(
      ({ body }, n) =>
        JSON.stringify(body) === JSON.stringify({ hash: chain(`job ${n}`), algorithm: "sha256" }),
    ).length;
    const ranOn = new Set(replies.map(({ slot }) => slot?.split("/")[0]));
    process.stdout.write(
      `${jobs} jobs, ${right} done, ${jobs - right} lost; ${kills} workers killed, ${ranOn.size} did the work\n`,
    );
    expect(right).toBe(jobs);
    expect(server.logged).toEqual([]);
    await Promise.all(workers.map((worker) => worker.kill()));
    await server.close();
    await redis.close();
  },
  240_000,
);
