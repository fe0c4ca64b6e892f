import { Command } from "commander";
import { fail } from "../../cli/fail.ts";

/**
 * Runs a program as `node --import learn/diagnose.ts` does, in place of this process: the program gets
 * its own arguments, and signals, exit code and standard streams are its own.
 *
 * @param entry the URL of what is imported
 */
export function runDiagnose(entry: string): void {
  new Command("node learn/diagnose.ts")
    .description("Runs a program and names what is wrong with it, with file and line.")
    .argument("<program>", "what Node runs, such as app.js")
    .argument("[arguments...]", "the program's own")
    .option("--watch", "tell of each diagnosis as soon as it is made, too")
    .passThroughOptions()
    .addHelpText(
      "after",
      `
The same with Node's own flags, and live with ?watch:
  node --import ./learn/diagnose.ts app.js
  node --import './learn/diagnose.ts?watch' app.js

The report is on standard error when the program ends, and on SIGUSR2. docs/diagnose.md says more.`,
    )
    .action((program: string, others: readonly string[], { watch }: { watch?: true }) => {
      const url = new URL(entry);
      url.search = watch ? "?watch" : "";
      replaceProcess([...process.execArgv, "--import", url.href, program, ...others]);
    })
    .parse();
}

function replaceProcess(args: readonly string[]): void {
  if (process.execve === undefined) {
    fail(
      "expected a system that can replace a process, which Windows can't; use: node --import ./learn/diagnose.ts app.js",
    );
  }
  process.execve(process.execPath, [process.execPath, ...args]);
}
