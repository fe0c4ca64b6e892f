import { setTimeout as sleep } from "node:timers/promises";
import { fail } from "../../cli/fail.ts";
import { describeRedis } from "../../server/backends/redis-url.ts";
import { connectRedis } from "../../server/queue/connection.ts";
import { FailedJobs } from "../failed-jobs.ts";
import { type RedisFlag, readRedisUrl } from "./redis-option.ts";

/** How long a command waits for Redis, in milliseconds: a person waits for the command. */
const patienceMs = 10_000;

/** Does something with the failed jobs and exits: with what `use` gives back, or 1 when it can't. */
export async function withFailedJobs(
  flag: RedisFlag,
  use: (jobs: FailedJobs) => Promise<number>,
): Promise<never> {
  try {
    const url = readRedisUrl(flag);
    const connection = connectRedis({ url, log: () => {} });
    const used = connection.connected.then(() => use(new FailedJobs(connection)));
    const late = sleep(patienceMs).then(() => {
      throw new Error(
        `The Redis at ${describeRedis(url)} does not answer (${connection.problem}). ` +
          "Is it started, and is the URL right?",
      );
    });
    process.exit(await Promise.race([used, late]));
  } catch (error) {
    fail(error);
  }
}
