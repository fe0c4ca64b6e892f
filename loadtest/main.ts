import { Command } from "commander";
import { createCapacityCommand } from "./commands/capacity-command.ts";
import { createReportCommand } from "./commands/report-command.ts";
import { createRunCommand } from "./commands/run-command.ts";
import { createCompareCommand } from "./compare/compare-command.ts";

await new Command("npm run loadtest --")
  .description(
    "A load client for Connect, gRPC and gRPC-Web that tells when it, and not the server, was the limit.",
  )
  .addCommand(createRunCommand(), { isDefault: true })
  .addCommand(createCapacityCommand())
  .addCommand(createCompareCommand())
  .addCommand(createReportCommand())
  .parseAsync();
