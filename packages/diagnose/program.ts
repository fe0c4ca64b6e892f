import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fail } from "@unblock/terminal/fail";
import { provideText } from "./source.ts";
import { shownPath } from "./stack.ts";

/** Commands that start Node themselves. */
const starters = new Set(["node", "npm", "npx", "pnpm", "yarn", "tsx", "ts-node", "nodemon"]);
/** Node's flags for code on the command line. */
const codeFlags = /^(-e|--eval(=.*)?|-p|--print(=.*)?|-pe)$/;

/**
 * Finds the file of a program as Node does, also without its extension or by a directory's package.json. With
 * `--import` Node itself accepts only the file. Exits if there is none, and says what to do.
 *
 * @param given argument on the command line
 * @param diagnose path of this command for messages, such as "./packages/diagnose/main.ts"
 */
export function findProgram(given: string | undefined, diagnose: string): string {
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

/** Makes the code of `node -e` known, whose lines are in no file. */
export function provideEvaluatedCode(): void {
  const at = process.execArgv.findIndex((argument) => codeFlags.test(argument));
  const flag = process.execArgv[at] ?? "";
  const code = flag.includes("=") ? flag.slice(flag.indexOf("=") + 1) : process.execArgv[at + 1];
  if (flag !== "" && code !== undefined) {
    provideText("[eval]", code);
  }
}

/** Name for people of the program that Node runs in this process. */
export function programName(): string {
  const [, program] = process.argv;
  const flag = process.execArgv.find((argument) => codeFlags.test(argument));
  if (flag !== undefined) {
    return `code of ${flag}`;
  }
  return program === undefined || program === "-" ? "standard input" : shownPath(program);
}
