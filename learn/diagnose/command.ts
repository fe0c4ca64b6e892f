import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { fail } from "../../cli/fail.ts";
import { jsonDescriptor } from "./finding-output.ts";
import { shownPath } from "./own-code.ts";
import { findProgram } from "./program.ts";

interface Flags {
  readonly watch?: true;
  readonly json?: true;
}

/**
 * Runs a program as `node --import learn/diagnose.ts` does, in place of this process: the program gets
 * its own arguments, and signals, exit code and standard streams are its own.
 *
 * @param entry the URL of what is imported
 */
export function runDiagnose(entry: string): void {
  const path = shownPath(fileURLToPath(entry));
  const diagnose = isAbsolute(path) ? path : `./${path}`;
  new Command("node learn/diagnose.ts")
    .description("Runs a program and names what is wrong with it, with file and line.")
    .argument("[program]", "what Node runs, such as app.js")
    .argument("[arguments...]", "the program's own")
    .option("--watch", "report each diagnosis as soon as it is made, too")
    .option(
      "--json",
      "report as JSON lines on standard output; the program's goes to standard error",
    )
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      "after",
      `
Example:
  node learn/diagnose.ts --watch app.js --port 8080

The same with Node's own flags, and live with ?watch:
  node --import ./learn/diagnose.ts app.js
  node --import './learn/diagnose.ts?watch' app.js

The report is on standard error when the program ends, and on SIGUSR2. The exit code is the program's,
or 1 if there is no program to run. docs/diagnose.md says more.`,
    )
    .action((program: string | undefined, others: readonly string[], { watch, json }: Flags) => {
      if (program === undefined) {
        fail(`expected a program's file, got none; use: node ${diagnose} app.js`);
      }
      const found = findProgram(program, diagnose);
      if ("problem" in found) {
        fail(found.problem);
      }
      const url = new URL(entry);
      const modes = [...(watch ? ["watch"] : []), ...(json ? [`json=${process.pid}`] : [])];
      url.search = modes.join("&");
      const args = [...process.execArgv, "--import", url.href, found.file, ...others];
      replaceProcess(json === true, [process.execPath, ...args]);
    })
    .parse();
}

function replaceProcess(isJson: boolean, command: readonly string[]): void {
  if (process.execve === undefined) {
    fail(
      "expected a system that can replace a process, which Windows can't; use: node --import ./learn/diagnose.ts app.js",
    );
  }
  if (isJson) {
    // What the program prints is no JSON.
    const script = `exec "$@" ${jsonDescriptor}>&1 1>&2`;
    process.execve("/bin/sh", ["sh", "-c", script, "sh", ...command]);
  }
  process.execve(process.execPath, [...command]);
}
