import { availableParallelism } from "node:os";
import { connectRedis } from "@unblock/executors/queue/connection";
import { assertRedisUrl, describeRedis } from "@unblock/executors/queue/redis-url";
import { TimedOut, withTimeout } from "@unblock/executors/waiting";
import { wholeNumber } from "@unblock/terminal/arguments";
import { redactText } from "@unblock/terminal/logger";
import { fail, startUntilSignal } from "@unblock/terminal/process";
import { printable } from "@unblock/terminal/text";
import { Command } from "commander";
import { type FailedJob, FailedJobs } from "./failed-jobs.ts";
import { startWorker } from "./worker.ts";

interface Flags {
  readonly redisUrl?: string;
  readonly cpuWorkers: number;
  readonly all?: boolean;
  readonly json?: boolean;
}

function createCommand(name: string): Command {
  // The environment is not the option's default, because --help would print its password.
  return new Command(name)
    .option("--redis-url <url>", "the Redis that the server has (default: REDIS_URL)")
    .allowExcessArguments(false);
}

/** @throws Error that says how to name a Redis, and never contains the password */
function readRedisUrl({ redisUrl }: Flags): string {
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

async function takeJobs(flags: Flags): Promise<void> {
  const redisUrl = readRedisUrl(flags);
  const { cpuWorkers } = flags;
  if (flags.redisUrl !== undefined) {
    // On Linux and macOS this replaces the arguments, which every user of the machine can read.
    process.title = "node worker/main.ts";
  }
  const log = (line: string) => process.stderr.write(`${redactText(line)}\n`);
  const worker = await startUntilSignal(async () => startWorker({ redisUrl, cpuWorkers, log }));
  await worker.connected;
  const threads = cpuWorkers === 1 ? "1 CPU worker" : `${cpuWorkers} CPU workers`;
  const where = describeRedis(redisUrl);
  process.stdout.write(`unblock worker takes jobs from ${where} with ${threads}\n`);
  // For a parent process that waits for the worker to be ready.
  process.send?.("ready");
  // Stops with the parent process.
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
}

/** Max wait for Redis; a person waits for the command. */
const maxWaitMs = 10_000;

/** Uses the failed jobs, then exits with the code that `use` returns, or 1 when it throws. */
async function withFailedJobs(
  flags: Flags,
  use: (jobs: FailedJobs) => Promise<number>,
): Promise<never> {
  try {
    const url = readRedisUrl(flags);
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

async function list(failedJobs: FailedJobs, { json }: Flags): Promise<number> {
  const { jobs, total } = await failedJobs.list();
  process.stdout.write(json ? `${JSON.stringify({ jobs, total })}\n` : render(jobs, total));
  return 0;
}

async function retryJobs(
  jobs: FailedJobs,
  id: string | undefined,
  { json }: Flags,
): Promise<number> {
  const retried = id === undefined ? await jobs.retryAll() : Number(await jobs.retry(id));
  const isMissing = id !== undefined && retried === 0;
  if (json) {
    process.stdout.write(`${JSON.stringify({ retried })}\n`);
  } else if (isMissing) {
    process.stderr.write(`There is no failed job ${JSON.stringify(id.slice(0, 100))}.\n`);
  } else {
    process.stdout.write(`${retried === 1 ? "1 job is" : `${retried} jobs are`} tried again.\n`);
  }
  return isMissing ? 2 : 0;
}

/** Max characters of an input in the list for people; --json has all of it. */
const maxInputCharacters = 100;

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

const runExample = `
Examples:
  npm run worker -- --redis-url redis://localhost:6379
  REDIS_URL=rediss://user:password@redis.example.com npm run worker -- --cpu-workers 4

Set REDIS_URL instead of the flag where others can see what runs: a URL may have a password.`;

const retryExample = `
Exits with 0 when it retried, and with 2 when there is no such job.`;

const run = createCommand("run")
  .description("take jobs until a signal comes (the default)")
  .option("--cpu-workers <n>", "threads for CPU work", wholeNumber(1, 256), availableParallelism())
  .addHelpText("after", runExample)
  .action((flags: Flags) => takeJobs(flags).catch(fail));

const failed = createCommand("failed")
  .description("list the jobs that failed in every attempt, the last first")
  .option("--json", "print the list as JSON, and nothing else")
  .action((flags: Flags) => withFailedJobs(flags, (jobs) => list(jobs, flags)));

const retry = createCommand("retry")
  .description("let failed jobs be tried again, with all their attempts")
  .argument("[id]", "the job, as the list names it")
  .option("--all", "all of them")
  .option("--json", "print the result as JSON, and nothing else")
  .addHelpText("after", retryExample)
  .action((id: string | undefined, flags: Flags) => {
    if ((id === undefined) === (flags.all === undefined)) {
      const got = id === undefined ? "neither" : "both";
      fail(`Expected the id of a job or --all, got ${got}.`);
    }
    return withFailedJobs(flags, (jobs) => retryJobs(jobs, id, flags));
  });

await new Command("npm run worker --")
  .description("Takes the jobs of the strategy queue from a Redis, on any machine.")
  .addCommand(run, { isDefault: true })
  .addCommand(failed)
  .addCommand(retry)
  .parseAsync();
