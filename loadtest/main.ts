import { fail } from "@unblock/terminal/process";
import { Command } from "commander";
import { createCapacityCommand } from "./commands/capacity-command.ts";
import { addOutputOptions } from "./commands/options.ts";
import { createRunCommand } from "./commands/run-command.ts";
import { createCompareCommand } from "./compare/compare-command.ts";
import { assertOutputs, type OutputFlags, planOutputs, writeOutputs } from "./report/outputs.ts";
import { readReport } from "./report/read.ts";

const reportExample = `
Examples:
  npm run loadtest -- report run.json
  npm run loadtest -- report ghz.json --output html --output-file ghz.html`;

const reportCommand = addOutputOptions(new Command("report"))
  .description("Shows a saved JSON report of this client or ghz.")
  .argument("<file>", "the report")
  .addHelpText("after", reportExample)
  .action(async (file: string, flags: OutputFlags) => {
    try {
      const outputs = planOutputs(flags);
      await assertOutputs(outputs);
      await writeOutputs(await readReport(file), outputs);
    } catch (error) {
      fail(error);
    }
  });

await new Command("npm run loadtest --")
  .description(
    "A load client for Connect, gRPC and gRPC-Web that reports when it, not the server, was the limit.",
  )
  .addCommand(createRunCommand(), { isDefault: true })
  .addCommand(createCapacityCommand())
  .addCommand(createCompareCommand())
  .addCommand(reportCommand)
  .parseAsync();
