import { Command } from "commander";
import { createLoadCommand } from "./load/command.ts";

await new Command("npm run bench --")
  .description("Measures this project beside its peers, in one run.")
  .addCommand(createLoadCommand())
  .parseAsync();
