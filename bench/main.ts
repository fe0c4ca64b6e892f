import { Command } from "commander";
import { diagnoseBench } from "./diagnose/command.ts";
import { enginesBench } from "./engines/command.ts";
import { createBenchCommand } from "./harness/command.ts";
import { loadBench } from "./load/command.ts";
import { rpcBench } from "./rpc/command.ts";
import { startBench } from "./start/command.ts";

await new Command("npm run bench --")
  .description("Measures this project beside its peers, in one run.")
  .addCommand(createBenchCommand(loadBench))
  .addCommand(createBenchCommand(rpcBench))
  .addCommand(createBenchCommand(enginesBench))
  .addCommand(createBenchCommand(startBench))
  .addCommand(createBenchCommand(diagnoseBench))
  .parseAsync();
