import type { BenchCommand } from "../harness/command.ts";
import { measureCache } from "./cache.ts";
import { measureDatabase } from "./database.ts";
import { measureEvents } from "./events.ts";
import { measureQueue } from "./queue.ts";
import { measureWorkers } from "./workers.ts";

export const enginesBench: BenchCommand = {
  name: "engines",
  description:
    "Measures the service with a real Postgres (DATABASE_URL) and a real Redis (REDIS_URL), which\n" +
    "should be on this machine and used by nobody else.",
  title: "unblock with real engines",
  parts: {
    database: {
      about: "A on Postgres: 10 calls at once, and 64 on 64 threads (half a minute)",
      measure: measureDatabase,
    },
    cache: {
      about: "E on Redis: 100 and 1,000 calls at once (half a minute)",
      measure: measureCache,
    },
    queue: { about: "what the job queue adds to a job (half a minute)", measure: measureQueue },
    events: { about: "3,000 events a second for 30 s, accepted durably", measure: measureEvents },
    workers: {
      about: "40 hashes by one worker process and by two (a minute)",
      measure: measureWorkers,
    },
  },
};
