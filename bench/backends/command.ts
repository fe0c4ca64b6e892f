import type { BenchCommand } from "../harness/command.ts";
import { measureCache, measureDatabase, measureWorkers } from "./bursts.ts";
import { measureEvents, measureQueue } from "./queue.ts";

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
