import { randomUUID } from "node:crypto";
import { type ConnectionOptions, Queue, QueueEvents, Worker } from "bullmq";
import { createUnblockClient } from "../../client/client.ts";
import { startServer } from "../../loadtest/server-process.ts";
import { startWorker } from "../../loadtest/worker-process.ts";
import { connectRedis } from "../../server/queue/connection.ts";
import type { Bench, Finding } from "../harness/bench.ts";
import { spreadOf } from "../harness/spread.ts";
import { engineUrl } from "./engine-url.ts";

const wantedAddedMs = 3;
/** One after another, so that none waits for another. */
const calls = 300;
const warmUpCalls = 300;

/** A job that has next to nothing to do, by the job queue, by a thread, and by BullMQ alone. */
export async function measureQueue({ step, runs }: Bench): Promise<Finding[]> {
  const redisUrl = engineUrl("REDIS_URL");
  const server = await startServer();
  const worker = await startWorker(["--cpu-workers=1"]);
  const bare = openBareQueue(redisUrl);
  try {
    const hash = (strategy: string) => {
      const client = createUnblockClient({ baseUrl: server.url, protocol: "grpc", strategy });
      return () => client.computeHash({ data: "x", rounds: 1 });
    };
    const [byQueue, byWorkers] = [hash("queue"), hash("workers")];
    for (const run of [byQueue, byWorkers, bare.run]) {
      await medianMs(warmUpCalls, run);
    }
    const added: number[] = [];
    const bareMs: number[] = [];
    for (let run = 1; run <= runs; run++) {
      await step(`queue: ${run} of ${runs}`);
      added.push((await medianMs(calls, byQueue)) - (await medianMs(calls, byWorkers)));
      bareMs.push(await medianMs(calls, bare.run));
    }
    const [addedMs, bullmqMs] = [spreadOf(added), spreadOf(bareMs)];
    return [
      {
        part: "queue",
        figures: { calls, added_ms: addedMs, bullmq_ms: bullmqMs, wanted_added_ms: wantedAddedMs },
        rows: [
          {
            what: "what the job queue adds to a call, median",
            measured: `${addedMs.median.toFixed(2)} ms`,
            wanted: `≤ ${wantedAddedMs} ms`,
            reached: addedMs.median <= wantedAddedMs,
          },
          {
            what: "a job of BullMQ alone",
            measured: `${bullmqMs.median.toFixed(2)} ms`,
            wanted: "",
            reached: null,
          },
        ],
      },
    ];
  } finally {
    await bare.close();
    await worker.close();
    await server.close();
  }
}

function openBareQueue(url: string) {
  const connect = () => connectRedis({ url, log: () => {} });
  const connections = [connect(), connect()];
  const [near, far] = connections.map(({ client }): ConnectionOptions => client);
  if (near === undefined || far === undefined) {
    throw new Error("Expected two connections");
  }
  const name = `bench-${randomUUID()}`;
  const queue = new Queue(name, { connection: near });
  const ends = new QueueEvents(name, { connection: near });
  const worker = new Worker(name, async () => "done", { connection: far });
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
      for (const connection of connections) {
        connection.close();
      }
    },
  };
}

async function medianMs(times: number, run: () => Promise<unknown>): Promise<number> {
  const ms: number[] = [];
  for (let time = 0; time < times; time++) {
    const beganMs = performance.now();
    await run();
    ms.push(performance.now() - beganMs);
  }
  return spreadOf(ms).median;
}
