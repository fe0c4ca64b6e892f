import { availableParallelism } from "node:os";
import { connectRedis } from "@unblock/executors/queue/connection";
import { assertRedisUrl, describeRedis } from "@unblock/executors/queue/redis-url";
import { TimedOut, withTimeout } from "@unblock/executors/waiting";
import { wholeNumber } from "@unblock/terminal/arguments";
import { fail } from "@unblock/terminal/fail";
import { redactText } from "@unblock/terminal/logger";
import { startUntilSignal } from "@unblock/terminal/signals";
import { Command, Option } from "commander";
import { type FailedJob, FailedJobs } from "./failed-jobs.ts";
import { startWorker } from "./worker.ts";

interface RedisFlag {
  readonly redisUrl?: string;
}

/** The environment is not the option's default, because --help would print its password. */
function redisOption(): Option {
  return new Option("--redis-url <url>", "the Redis that the server has (default: REDIS_URL)");
}

/** @throws Error that says how to name a Redis, and never contains the password */
function readRedisUrl({ redisUrl }: RedisFlag): string {
  const url = redisUrl ?? process.env.REDIS_URL ?? "";
  if (url === "") {
    throw new Error(
      "Expected the Redis that the server has as well, got none: set REDIS_URL, " +
        "or give --redis-url redis://host:6379",
    );
  }
  assertRedisUrl(url);
  return url;
}

/** Max wait for Redis; a person waits for the command. */
const maxWaitMs = 10_000;

/** Uses the failed jobs, then exits with the code that `use` returns, or 1 when it throws. */
async function withFailedJobs(
  flag: RedisFlag,
  use: (jobs: FailedJobs) => Promise<number>,
): Promise<never> {
  try {
    const url = readRedisUrl(flag);
    const connection = connectRedis({ url, log: () => {} });
    const used = connection.connected.then(() => use(new FailedJobs(connection)));
    const exitCode = await withTimeout(maxWaitMs, used).catch((error: unknown) => {
      const problem =
        `The Redis at ${describeRedis(url)} does not respond (${connection.problem}). ` +
        "Is it running, and is the URL right?";
      throw error instanceof TimedOut ? new Error(problem) : error;
    });
    process.exit(exitCode);
  } catch (error) {
    fail(error);
  }
}

const runExample = `
Examples:
  npm run worker -- --redis-url redis://localhost:6379
  REDIS_URL=rediss://user:password@redis.example.com npm run worker -- --cpu-workers 4

Set REDIS_URL instead of the flag where others can see what runs: a URL may have a password.`;

interface Flags extends RedisFlag {
  readonly cpuWorkers: number;
}

/** `npm run worker`: takes jobs until a signal comes. */
export function createRunCommand(): Command {
  const cores = availableParallelism();
  return new Command("run")
    .description("take jobs until a signal comes (the default)")
    .addOption(redisOption())
    .option("--cpu-workers <n>", "threads for CPU work", wholeNumber(1, 256), cores)
    .addHelpText("after", runExample)
    .allowExcessArguments(false)
    .action(async (flags: Flags) => {
      try {
        const redisUrl = readRedisUrl(flags);
        const { cpuWorkers } = flags;
        if (flags.redisUrl !== undefined) {
          // On Linux and macOS this replaces the arguments, which every user of the machine can
          // read.
          process.title = "node worker/main.ts";
        }
        const log = (line: string) => process.stderr.write(`${redactText(line)}\n`);
        const worker = await startUntilSignal(async () =>
          startWorker({ redisUrl, cpuWorkers, log }),
        );
        await worker.connected;
        const threads = cpuWorkers === 1 ? "1 CPU worker" : `${cpuWorkers} CPU workers`;
        const where = describeRedis(redisUrl);
        process.stdout.write(`unblock worker takes jobs from ${where} with ${threads}\n`);
        // For a parent process that waits for the worker to be ready.
        process.send?.("ready");
        // Stops with the parent process.
        process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
      } catch (error) {
        fail(error);
      }
    });
}

interface Flags extends RedisFlag {
  readonly json?: boolean;
}

/** Max characters of an input in the list for people; --json has all of it. */
const maxInputCharacters = 100;

/** `npm run worker -- failed` */
function createFailedCommand(): Command {
  return new Command("failed")
    .description("list the jobs that failed in every attempt, the last first")
    .addOption(redisOption())
    .option("--json", "print the list as JSON, and nothing else")
    .allowExcessArguments(false)
    .action((flags: Flags) =>
      withFailedJobs(flags, async (failed) => {
        const list = await failed.list();
        process.stdout.write(
          flags.json ? `${JSON.stringify(list)}\n` : render(list.jobs, list.total),
        );
        return 0;
      }),
    );
}

function render(jobs: readonly FailedJob[], total: number): string {
  if (total === 0) {
    return "No job has failed.\n";
  }
  const entries = jobs.map(
    ({ id, task, input, attempts, failed_at, reason }) =>
      `${printable(id)}\n` +
      `  ${task}, after ${attempts} attempts, at ${failed_at}\n` +
      `  input:  ${printable(JSON.stringify(input)).slice(0, maxInputCharacters)}\n` +
      `  reason: ${printable(reason)}\n`,
  );
  const more = total > jobs.length ? ` The last ${jobs.length} are listed.` : "";
  return (
    `${entries.join("\n")}\n${total === 1 ? "1 job has" : `${total} jobs have`} failed.${more} ` +
    "Try one again with: npm run worker -- retry <id>, all with: npm run worker -- retry --all\n"
  );
}

/** Callers' texts may contain terminal control characters. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\u{fffd}");
}

interface Flags extends RedisFlag {
  readonly all?: boolean;
  readonly json?: boolean;
}

const retryExample = `
Exits with 0 when it retried, and with 2 when there is no such job.`;

/** `npm run worker -- retry` */
function createRetryCommand(): Command {
  const command = new Command("retry")
    .description("let failed jobs be tried again, with all their attempts")
    .argument("[id]", "the job, as the list names it")
    .addOption(redisOption())
    .option("--all", "all of them")
    .option("--json", "print the result as JSON, and nothing else")
    .addHelpText("after", retryExample)
    .allowExcessArguments(false);
  return command.action((id: string | undefined, flags: Flags) => {
    if ((id === undefined) === (flags.all === undefined)) {
      command.error(
        `error: Expected the id of a job or --all, got ${id === undefined ? "neither" : "both"}.`,
      );
    }
    return withFailedJobs(flags, async (failed) => {
      const retried = id === undefined ? await failed.retryAll() : Number(await failed.retry(id));
      if (flags.json) {
        process.stdout.write(`${JSON.stringify({ retried })}\n`);
      } else if (id !== undefined && retried === 0) {
        process.stderr.write(`There is no failed job ${JSON.stringify(id.slice(0, 100))}.\n`);
      } else {
        process.stdout.write(
          `${retried === 1 ? "1 job is" : `${retried} jobs are`} tried again.\n`,
        );
      }
      return id !== undefined && retried === 0 ? 2 : 0;
    });
  });
}

await new Command("npm run worker --")
  .description("Takes the jobs of the strategy queue from a Redis, on any machine.")
  .addCommand(createRunCommand(), { isDefault: true })
  .addCommand(createFailedCommand())
  .addCommand(createRetryCommand())
  .parseAsync();
