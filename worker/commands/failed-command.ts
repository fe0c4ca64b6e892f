import { Command } from "commander";
import type { FailedJob } from "../failed-jobs.ts";
import { type RedisFlag, redisOption } from "./redis-option.ts";
import { withFailedJobs } from "./with-failed-jobs.ts";

interface Flags extends RedisFlag {
  readonly json?: boolean;
}

/** An input's longest text in the list for people, in characters; --json has all of it. */
const longestInput = 100;

/** `npm run worker -- failed` */
export function createFailedCommand(): Command {
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
      `  input:  ${printable(JSON.stringify(input)).slice(0, longestInput)}\n` +
      `  reason: ${printable(reason)}\n`,
  );
  const more = total > jobs.length ? ` The last ${jobs.length} are listed.` : "";
  return (
    `${entries.join("\n")}\n${total === 1 ? "1 job has" : `${total} jobs have`} failed.${more} ` +
    "Try one again with: npm run worker -- retry <id>, all with: npm run worker -- retry --all\n"
  );
}

/** What callers sent may have characters that a terminal obeys. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\u{fffd}");
}
