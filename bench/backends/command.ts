import { type Burst, openBurstClient } from "@unblock/loadtest/burst";
import { startServer, startWorker } from "@unblock/loadtest/processes";
import { exerciseOf } from "@unblock/proto/exercises";
import { atMost, type Bench, type Finding, factor, repeat, spreadOf } from "../harness/bench.ts";
import type { BenchCommand } from "../harness/command.ts";
import { backendUrl, measureEvents, measureQueue } from "./queue.ts";

export const backendsBench: BenchCommand = {
  name: "backends",
  description:
    "Measures the service with an external Postgres (DATABASE_URL) and Redis (REDIS_URL), which\n" +
    "should be on this machine and used by nobody else.",
  title: "unblock with external backends",
  parts: {
    database: {
      about: "A on Postgres: 10 calls at once, and 64 on 64 threads (half a minute)",
      measure: measureDatabase,
    },
    cache: {
      about: "E on Redis: 100 and 1,000 calls at once (half a minute)",
      measure: measureCache,
    },
    queue: { about: "latency that the job queue adds (half a minute)", measure: measureQueue },
    events: { about: "3,000 events per second for 30 s, accepted durably", measure: measureEvents },
    workers: {
      about: "40 hashes by one worker process and by two (a minute)",
      measure: measureWorkers,
    },
  },
};

interface BurstOptions {
  /** The exercise's letter. */
  readonly letter: string;
  readonly strategy: string;
  readonly calls: number;
}

/** A server in a process of its own that bursts are fired at. */
interface BurstServer extends AsyncDisposable {
  /** @throws Error when a call fails */
  fire(options: BurstOptions): Promise<Burst>;
}

/** @param flags flags of `npm start` */
async function startBurstServer(flags: readonly string[] = []): Promise<BurstServer> {
  const server = await startServer(flags);
  const client = await openBurstClient(server.url, 0);
  return {
    fire: async ({ letter, strategy, calls }) => {
      const burst = await client.fire(exerciseOf(letter), strategy, calls);
      const failed = burst.calls.find(({ code }) => code !== "ok");
      if (failed) {
        throw new Error(`Expected all calls to succeed, got ${failed.code}: ${failed.message}`);
      }
      return burst;
    },
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server.close();
    },
  };
}

/** Code that is not compiled, or not connected, takes several times as long. */
const warmUpBursts = 20;

interface WallTimeOptions extends BurstOptions {
  /** Flags of `npm start`. */
  readonly flags?: readonly string[];
  readonly idealMs: number;
  readonly wantedRatio: number;
}

/** Measures the ratio of a burst's wall time to its ideal. */
async function measureWallTime(
  bench: Bench,
  { flags, idealMs, wantedRatio, ...options }: WallTimeOptions,
): Promise<Finding> {
  const { letter, strategy, calls } = options;
  await using server = await startBurstServer(flags);
  for (let burst = 0; burst < warmUpBursts; burst++) {
    await server.fire(options);
  }
  const fire = async () => (await server.fire(options)).wallMs;
  const wallMs = await repeat(bench, fire, `${calls} calls at once,`);
  const ratios = wallMs.map((ms) => ms / idealMs);
  const what = `${letter}, ${strategy}: ${calls} calls of ${idealMs} ms at once`;
  return {
    figures: {
      calls,
      limit_ms: idealMs,
      wall_ms: spreadOf(wallMs),
      ratio: spreadOf(ratios),
      wanted_ratio: wantedRatio,
    },
    rows: [atMost(what, ratios, wantedRatio, factor)],
  };
}

/** A with libpq, each of whose calls blocks a thread. */
async function measureDatabase(bench: Bench): Promise<Finding[]> {
  backendUrl("DATABASE_URL");
  const a = { letter: "A", strategy: "blocking-pool", idealMs: 50 };
  const flags = ["--blocking-threads=64"];
  return [
    await measureWallTime(bench, { ...a, calls: 10, wantedRatio: 1.25 }),
    await measureWallTime(bench, { ...a, calls: 64, flags, wantedRatio: 1.5 }),
  ];
}

/** E over the one connection to a Redis with a latency of 10 ms. */
async function measureCache(bench: Bench): Promise<Finding[]> {
  backendUrl("REDIS_URL");
  // A connection may have half of the tasks in progress.
  const flags = ["--max-queue=2000"];
  const e = { letter: "E", strategy: "async", flags, idealMs: 10 };
  return [
    await measureWallTime(bench, { ...e, calls: 100, wantedRatio: 3.5 }),
    await measureWallTime(bench, { ...e, calls: 1_000, wantedRatio: 12 }),
  ];
}

const hashes = 40;
const wantedWorkersRatio = 0.65;

/** The same jobs by one worker process and by two, each with one CPU worker. */
async function measureWorkers(bench: Bench): Promise<Finding> {
  backendUrl("REDIS_URL");
  await using server = await startBurstServer();
  const wallMs = async (workers: number): Promise<number> => {
    const started = await Promise.all(
      Array.from({ length: workers }, () => startWorker(["--cpu-workers=1"])),
    );
    try {
      const hash = { letter: "C", strategy: "queue" };
      await server.fire({ ...hash, calls: 2 * workers });
      return (await server.fire({ ...hash, calls: hashes })).wallMs;
    } finally {
      await Promise.all(started.map((worker) => worker.close()));
    }
  };
  const runs = await repeat(bench, async () => {
    const [one, two] = [await wallMs(1), await wallMs(2)];
    return { one, two, ratio: two / one };
  });
  const ratios = runs.map((run) => run.ratio);
  const what = `${hashes} hashes by two worker processes, beside one`;
  return {
    figures: {
      hashes,
      one_ms: spreadOf(runs.map(({ one }) => one)),
      two_ms: spreadOf(runs.map(({ two }) => two)),
      ratio: spreadOf(ratios),
      wanted_ratio: wantedWorkersRatio,
    },
    rows: [atMost(what, ratios, wantedWorkersRatio, factor)],
  };
}
