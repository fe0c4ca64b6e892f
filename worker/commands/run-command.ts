import { availableParallelism } from "node:os";
import { Command } from "commander";
import { wholeNumber } from "../../cli/arguments.ts";
import { fail } from "../../cli/fail.ts";
import { describeRedis } from "../../server/backends/redis-url.ts";
import { redactText } from "../../server/redact.ts";
import { startUntilSignal } from "../../server/signals.ts";
import { startWorker } from "../worker.ts";
import { type RedisFlag, readRedisUrl, redisOption } from "./redis-option.ts";

const example = `
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
    .addHelpText("after", example)
    .allowExcessArguments(false)
    .action(async (flags: Flags) => {
      try {
        const redisUrl = readRedisUrl(flags);
        const { cpuWorkers } = flags;
        if (flags.redisUrl !== undefined) {
          // On Linux and macOS it replaces the arguments, which everybody on the machine can read.
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
        // For the program that started this one and waits for it to begin.
        process.send?.("ready");
        // Without that program there is nobody left to work for.
        process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
      } catch (error) {
        fail(error);
      }
    });
}
