import { Queue } from "bullmq";
import { startServer } from "../../loadtest/server-process.ts";
import { connectRedis } from "../../server/queue/connection.ts";
import { eventsQueue } from "../../server/queue/protocol.ts";
import type { Bench, Finding } from "../harness/bench.ts";
import { runChild } from "../harness/children.ts";
import { readAnyReport } from "../harness/read-report.ts";
import { engineUrl } from "./engine-url.ts";

const seconds = 30;
/** What is offered is more than what is wanted: else a late start would count as a failure. */
const offeredPerSecond = 3_000;
const wantedPerSecond = 2_500;
const runLimitMs = 2 * seconds * 1_000;
const mebibyte = 1024 * 1024;

/** Events that Redis has when their callers hear "accepted"; nobody takes them out meanwhile. */
export async function measureEvents({ step }: Bench): Promise<Finding[]> {
  const url = engineUrl("REDIS_URL");
  const redis = connectRedis({ url, log: () => {} });
  await redis.connected;
  const queue = new Queue(eventsQueue, { connection: redis.client });
  const kept = await queue.count();
  if (kept > 0) {
    throw new Error(
      `Expected a Redis with no events, got one with ${kept}: the bench leaves none, so give it its own.`,
    );
  }
  const memoryMib = async () => Number((await redis.info()).get("used_memory")) / mebibyte;
  const server = await startServer([`--max-queue=${seconds * offeredPerSecond + 1}`]);
  try {
    await step(`events: ${offeredPerSecond} a second for ${seconds} s`);
    const before = await memoryMib();
    const { code, stdout, stderr } = await runChild(
      [
        ...([process.execPath, "loadtest/main.ts", "TrackEvent", "--url", server.url] as const),
        ...["--strategy", "queue", "--connections", "4", "--json"],
        ...["--rate", String(offeredPerSecond), "--duration", `${seconds}s`],
      ],
      runLimitMs,
    );
    // More than the server takes at a time is refused, which is as it shall be.
    const report = readAnyReport({ who: "the load client", code, stdout, stderr });
    const accepted = (report.statusCodeDistribution?.OK ?? 0) / (report.total / 1e9);
    const addedMib = (await memoryMib()) - before;
    const p99 = (report.latencyDistribution ?? []).find(({ percentage }) => percentage === 99);
    const p99Ms = (p99?.latency ?? Number.NaN) / 1e6;
    return [
      {
        part: "events",
        figures: {
          offered_per_second: offeredPerSecond,
          seconds,
          accepted_per_second: accepted,
          p99_ms: p99Ms,
          redis_added_mib: addedMib,
          wanted_per_second: wantedPerSecond,
        },
        rows: [
          {
            what: `G, queue: events accepted a second, for ${seconds} s`,
            measured: accepted.toFixed(0),
            wanted: `≥ ${wantedPerSecond}`,
            reached: accepted >= wantedPerSecond,
          },
          {
            what: "99 % are accepted within",
            measured: `${p99Ms.toFixed(1)} ms`,
            wanted: "",
            reached: null,
          },
          {
            what: "Redis has grown by",
            measured: `${addedMib.toFixed(0)} MiB`,
            wanted: "",
            reached: null,
          },
        ],
      },
    ];
  } finally {
    await server.close();
    // Nobody shall send them.
    await queue.obliterate({ force: true });
    await queue.close();
    redis.close();
  }
}
