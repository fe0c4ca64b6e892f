import { Command } from "commander";
import { type RedisFlag, redisOption } from "./redis-option.ts";
import { withFailedJobs } from "./with-failed-jobs.ts";

interface Flags extends RedisFlag {
  readonly all?: boolean;
  readonly json?: boolean;
}

const example = `
Exits with 0 when it retried, and with 2 when there is no such job.`;

/** `npm run worker -- retry` */
export function createRetryCommand(): Command {
  const command = new Command("retry")
    .description("let failed jobs be tried again, with all their attempts")
    .argument("[id]", "the job, as the list names it")
    .addOption(redisOption())
    .option("--all", "all of them")
    .option("--json", "print the result as JSON, and nothing else")
    .addHelpText("after", example)
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
