import { randomUUID } from "node:crypto";
import { createUnblockClient } from "@unblock/client/client";
import { connectRedis } from "@unblock/executors/queue/connection";
import { eventsQueue } from "@unblock/executors/queue/protocol";
import { startServer, startWorker } from "@unblock/loadtest/processes";
import { Queue, QueueEvents, Worker } from "bullmq";
import {
  atLeast,
  atMost,
  type Bench,
  type Finding,
  plainRow,
  repeat,
  spreadOf,
  unit,
} from "../harness/bench.ts";
import { readAnyReport } from "../harness/clients.ts";
import { runChild } from "../harness/processes.ts";

/**
 * The URL of an external backend.
 *
 * @throws Error when the environment variable is not set
 */
export function backendUrl(variable: "DATABASE_URL" | "REDIS_URL"): string {
  const url = process.env[variable];
  if (!url) {
    const example =
      variable === "DATABASE_URL"
        ? "postgres://user:password@localhost/database"
        : "redis://localhost";
    throw new Error(`Expected ${variable}, such as ${example}, got none. compose.yaml starts one.`);
  }
  return url;
}

const wantedAddedMs = 3;
/** One after another, so that no call waits for another. */
const calls = 300;
const warmUpCalls = 300;

/** A job with next to nothing to do: by the job queue, by a thread, and by BullMQ alone. */
export async function measureQueue(bench: Bench): Promise<Finding> {
  const redisUrl = backendUrl("REDIS_URL");
  await using stack = new AsyncDisposableStack();
  const server = stack.adopt(await startServer(), (started) => started.close());
  stack.adopt(await startWorker(["--cpu-workers=1"]), (worker) => worker.close());
  const bare = stack.adopt(openBareQueue(redisUrl), (queue) => queue.close());
  const hash = (strategy: string) => {
    const client = createUnblockClient({ baseUrl: server.url, protocol: "grpc", strategy });
    return () => client.computeHash({ data: "x", rounds: 1 });
  };
  const [byQueue, byThread] = [hash("queue"), hash("cpu-pool")];
  for (const run of [byQueue, byThread, bare.run]) {
    await medianMs(warmUpCalls, run);
  }
  const measured = await repeat(bench, async () => ({
    added: (await medianMs(calls, byQueue)) - (await medianMs(calls, byThread)),
    bullmq: await medianMs(calls, bare.run),
  }));
  const addedMs = spreadOf(measured.map(({ added }) => added));
  const bullmqMs = spreadOf(measured.map(({ bullmq }) => bullmq));
  const ms = unit("ms", 2);
  return {
    figures: { calls, added_ms: addedMs, bullmq_ms: bullmqMs, wanted_added_ms: wantedAddedMs },
    rows: [
      atMost(
        "latency that the job queue adds to a call, median",
        addedMs.median,
        wantedAddedMs,
        ms,
      ),
      plainRow("a job of BullMQ alone", ms(bullmqMs.median)),
    ],
  };
}

function openBareQueue(url: string) {
  const near = connectRedis({ url, log: () => {} });
  const far = connectRedis({ url, log: () => {} });
  const name = `bench-${randomUUID()}`;
  const queue = new Queue(name, { connection: near.client });
  const ends = new QueueEvents(name, { connection: near.client });
  const worker = new Worker(name, async () => "done", { connection: far.client });
  return {
    run: async () => {
      const options = { removeOnComplete: { age: 60, count: 1_000 } };
      return (await queue.add("job", {}, options)).waitUntilFinished(ends);
    },
    close: async () => {
      await worker.close();
      await ends.close();
      await queue.obliterate({ force: true });
      await queue.close();
      near.close();
      far.close();
    },
  };
}

async function medianMs(times: number, run: () => Promise<unknown>): Promise<number> {
  const ms: number[] = [];
  for (let time = 0; time < times; time++) {
    const startMs = performance.now();
    await run();
    ms.push(performance.now() - startMs);
  }
  return spreadOf(ms).median;
}

const seconds = 30;
/** More than the target, since otherwise a late start would count as a miss. */
const offeredPerSecond = 3_000;
const wantedPerSecond = 2_500;
const timeoutMs = 2 * seconds * 1_000;
const mebibyte = 1024 * 1024;

/** Events that Redis has stored when their callers get "accepted". No worker takes them meanwhile. */
export async function measureEvents({ step }: Bench): Promise<Finding> {
  const url = backendUrl("REDIS_URL");
  const redis = connectRedis({ url, log: () => {} });
  await redis.connected;
  const queue = new Queue(eventsQueue, { connection: redis.client });
  const stored = await queue.count();
  if (stored > 0) {
    throw new Error(
      `Expected a Redis with no events, got one with ${stored}. This bench deletes all events: use an empty Redis.`,
    );
  }
  const memoryMib = async () =>
    Number(/^used_memory:(\d+)/m.exec(await redis.client.info())?.[1]) / mebibyte;
  const server = await startServer([`--max-queue=${seconds * offeredPerSecond + 1}`]);
  try {
    await step(`${offeredPerSecond} per second for ${seconds} s`);
    const before = await memoryMib();
    const ended = await runChild(
      [
        ...([process.execPath, "loadtest/main.ts", "TrackEvent", "--url", server.url] as const),
        ...["--strategy", "queue", "--connections", "4", "--json"],
        ...["--rate", String(offeredPerSecond), "--duration", `${seconds}s`],
      ],
      timeoutMs,
    );
    // The server rejects what exceeds its capacity, as intended.
    const report = readAnyReport({ who: "the load client", ...ended });
    const accepted = (report.statusCodeDistribution?.OK ?? 0) / (report.total / 1e9);
    const addedMib = (await memoryMib()) - before;
    const p99 = (report.latencyDistribution ?? []).find(({ percentage }) => percentage === 99);
    const p99Ms = (p99?.latency ?? Number.NaN) / 1e6;
    const what = `G, queue: events accepted per second, for ${seconds} s`;
    return {
      figures: {
        offered_per_second: offeredPerSecond,
        seconds,
        accepted_per_second: accepted,
        p99_ms: p99Ms,
        redis_added_mib: addedMib,
        wanted_per_second: wantedPerSecond,
      },
      rows: [
        atLeast(what, accepted, wantedPerSecond, (value) => value.toFixed(0)),
        plainRow("99 % are accepted within", `${p99Ms.toFixed(1)} ms`),
        plainRow("growth of Redis", `${addedMib.toFixed(0)} MiB`),
      ],
    };
  } finally {
    await server.close();
    // The events must not be sent later.
    await queue.obliterate({ force: true });
    await queue.close();
    redis.close();
  }
}
