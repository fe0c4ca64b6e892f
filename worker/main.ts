import { Command } from "commander";
import { createFailedCommand } from "./commands/failed-command.ts";
import { createRetryCommand } from "./commands/retry-command.ts";
import { createRunCommand } from "./commands/run-command.ts";

await new Command("npm run worker --")
  .description("Takes the jobs of the strategy queue from a Redis, on any machine.")
  .addCommand(createRunCommand(), { isDefault: true })
  .addCommand(createFailedCommand())
  .addCommand(createRetryCommand())
  .parseAsync();
