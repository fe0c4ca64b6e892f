import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "@unblock/terminal/fail";
import { Command } from "commander";
import { jsonDescriptor } from "./output.ts";
import { findProgram } from "./program.ts";
import { shownPath } from "./stack.ts";

interface Flags {
  readonly watch?: true;
  readonly json?: true;
}

/**
 * Replaces this process by the program as `node --import packages/diagnose/main.ts` runs it, so that arguments, signals,
 * exit code and standard streams are the program's own.
 *
 * @param entry URL of the module to import
 */
export function runDiagnose(entry: string): void {
  const path = shownPath(fileURLToPath(entry));
  const diagnose = isAbsolute(path) ? path : `./${path}`;
  new Command("node packages/diagnose/main.ts")
    .description("Runs a program and names what blocks it, with file and line.")
    .argument("[program]", "the file that Node runs, such as app.js")
    .argument("[arguments...]", "arguments of the program")
    .option("--watch", "also report each diagnosis as soon as it is made")
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
  node packages/diagnose/main.ts --watch app.js --port 8080

The same with flags of Node, and with ?watch instead of --watch:
  node --import ./packages/diagnose/main.ts app.js
  node --import './packages/diagnose/main.ts?watch' app.js

Reports to standard error when the program ends and on SIGUSR2. The exit code is
the program's, or 1 if there is no program to run. See docs/diagnose.md.`,
    )
    .action((program: string | undefined, others: readonly string[], { watch, json }: Flags) => {
      const file = findProgram(program, diagnose);
      const url = new URL(entry);
      const modes = [...(watch ? ["watch"] : []), ...(json ? [`json=${process.pid}`] : [])];
      url.search = modes.join("&");
      const args = [...process.execArgv, "--import", url.href, file, ...others];
      replaceProcess(json === true, [process.execPath, ...args]);
    })
    .parse();
}

function replaceProcess(isJson: boolean, command: readonly string[]): void {
  if (process.execve === undefined) {
    fail(
      "expected a system that can replace a process, which Windows can't; use: node --import ./packages/diagnose/main.ts app.js",
    );
  }
  if (isJson) {
    // Standard output is for JSON only, so the program's output goes to standard error.
    const script = `exec "$@" ${jsonDescriptor}>&1 1>&2`;
    process.execve("/bin/sh", ["sh", "-c", script, "sh", ...command]);
  }
  process.execve(process.execPath, [...command]);
}
