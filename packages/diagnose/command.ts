import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "@unblock/terminal/process";
import { Command } from "commander";
import { jsonDescriptor } from "./output.ts";
import { codeFlags, shownPath } from "./stack.ts";

/** Commands that start Node themselves. */
const starters = new Set(["node", "npm", "npx", "pnpm", "yarn", "tsx", "ts-node", "nodemon"]);

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

/**
 * Finds the file of a program as Node does, also without its extension or by a directory's package.json. With
 * `--import` Node itself accepts only the file. Exits if there is none, and says what to do.
 *
 * @param given argument on the command line
 * @param diagnose path of this command for messages, such as "./packages/diagnose/main.ts"
 */
function findProgram(given: string | undefined, diagnose: string): string {
  if (given === undefined) {
    failFor(`none; use: node ${diagnose} app.js`);
  }
  if (given === "-") {
    failFor(`standard input (-); use: node --import ${diagnose} -`);
  }
  if (codeFlags.test(given)) {
    failFor(`code (${given}); use: node --import ${diagnose} ${given} '…'`);
  }
  if (given.startsWith("-")) {
    const order = `node ${given} ${diagnose} app.js`;
    failFor(`the flag ${given}; Node's own flags come first: ${order}`);
  }
  const exists = existsSync(given);
  if (exists && !statSync(given).isDirectory()) {
    return given;
  }
  try {
    return createRequire(resolve("from-here")).resolve(resolve(given));
  } catch {
    if (exists) {
      failFor(
        `"${given}", which is a directory with no index.js; name the file that starts the program`,
      );
    }
    if (starters.has(given)) {
      const use = `NODE_OPTIONS='--import "${resolve(diagnose)}"' ${given} …`;
      failFor(`the command ${given}; use: ${use}`);
    }
    failFor(`"${given}", which does not exist in ${process.cwd()}; check the path`);
  }
}

function failFor(got: string): never {
  fail(`expected a program's file, such as app.js, got ${got}`);
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
