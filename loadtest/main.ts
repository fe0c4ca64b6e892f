import { Command } from "commander";
import { fail } from "../cli/fail.ts";
import { createCapacityCommand } from "./commands/capacity-command.ts";
import { createRunCommand } from "./commands/run-command.ts";
import { createCompareCommand } from "./compare/compare-command.ts";
import { assertWritable, type OutputFlags, planOutputs, writeOutputs } from "./report/outputs.ts";
import { readReport } from "./report/read.ts";

await new Command("npm run loadtest --")
  .description(
    "A load client for Connect, gRPC and gRPC-Web that tells when it, and not the server, was the limit.",
  )
  .addCommand(createRunCommand(), { isDefault: true })
  .addCommand(createCapacityCommand())
  .addCommand(createCompareCommand())
  .addCommand(createReportCommand())
  .parseAsync();

const example = `
Examples:
  npm run loadtest -- report run.json
  npm run loadtest -- report ghz.json --output html --output-file ghz.html`;

/** Shows a report that was kept as JSON, ours or ghz's. */
export function createReportCommand(): Command {
  return new Command("report")
    .description("Shows a report that was kept as JSON, this client's or ghz's.")
    .argument("<file>", "the report")
    .option("--output <format>", "table, json, html; may be repeated", collect, [])
    .option("--output-file <file>", "where to; may be repeated", collect, [])
    .option("--json", "the report as JSON on standard output")
    .addHelpText("after", example)
    .action((file: string, flags: OutputFlags) => show(file, flags).catch(fail));
}

async function show(file: string, flags: OutputFlags): Promise<void> {
  const outputs = planOutputs(flags);
  await assertWritable(outputs);
  await writeOutputs(await readReport(file), outputs);
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
