import { Command } from "commander";
import { backendsBench } from "./backends/command.ts";
import { diagnoseBench } from "./diagnose.ts";
import { createBenchCommand } from "./harness/command.ts";
import { loadBench } from "./load/command.ts";
import { pageBench } from "./page.ts";
import { rpcBench } from "./rpc/command.ts";
import { soakBench } from "./soak/command.ts";
import { startBench } from "./start.ts";

const command = new Command("npm run bench --").description(
  "Measures this project beside its peers, in one run.",
);
for (const bench of [
  loadBench,
  rpcBench,
  backendsBench,
  startBench,
  diagnoseBench,
  pageBench,
  soakBench,
]) {
  command.addCommand(createBenchCommand(bench));
}
await command.parseAsync();
